import { describe, expect, it } from '@jest/globals';
import { checkProgramKind } from '../../../src/runtime/program-kind.ts';

const RUNC = 'runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\ngo: go1.19.8\n';
const RUNSC = 'runsc version 0.0~20221219.0\nspec: 1.0.2-dev\n';
const CRUN = 'crun version 1.8.1\ncommit: f8a096be\nrundir: /run/crun\nspec: 1.0.0\n+SYSTEMD\n';
// What containerd-shim-runc-v2 1.6.20 answers to --version, on standard error.
const SHIM =
  'flag provided but not defined: -version\nUsage of /usr/bin/containerd-shim-runc-v2:\n  -address string\n' +
  '    \tgrpc address back to main containerd\n  -publish-binary string\n    \tpath to publish binary\n';

const said = (stdout: string, stderr = '') => ({ stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) });

describe('checkProgramKind()', () => {
  it.each([RUNC, RUNSC, CRUN, 'youki 0.3.0\n', ''])('takes %j as an OCI runtime', (text) => {
    expect(() => checkProgramKind('/x', 'oci', said(text))).not.toThrow();
  });

  it.each([RUNC, RUNSC, CRUN])('refuses %j as a shim, with the cure', (text) => {
    expect(() => checkProgramKind('/x', 'shim-v2', said(text))).toThrow(
      /"\/x" is an OCI runtime and no containerd shim \(write kind = "oci"/,
    );
  });

  it('refuses a shim as an OCI runtime, with the cure', () => {
    expect(() => checkProgramKind('/x', 'oci', said('', SHIM))).toThrow(
      /"\/x" is a containerd shim and no OCI runtime \(write kind = "shim-v2"/,
    );
    expect(() => checkProgramKind('/x', 'shim-v2', said('', SHIM))).not.toThrow();
  });
});
