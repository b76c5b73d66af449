import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkHost } from '../../../src/config/check-host.ts';
import { THIS_HOST } from '../../../src/config/host-facts.ts';
import { LONGEST_RUN_BYTES } from '../../../src/config/check-places.ts';
import { loadConfig } from '../../../src/config/load.ts';

let directory: string;
let conmon: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-host-'));
  conmon = join(directory, 'conmon');
  writeFileSync(conmon, '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(directory, 'plain'), '');
});
afterEach(() => rmSync(directory, { recursive: true }));

function check(text: string): string[] {
  const path = join(directory, 'config.toml');
  const places = `root = "${directory}/root"\nrun = "${directory}"\n`;
  const rest = `[monitor]\nconmon = "${conmon}"\n[network]\nbin_dirs = ["/usr"]\nconf_dirs = ["/usr"]\n`;
  writeFileSync(path, `version = 1\n${/^(root|run) = /m.test(text) ? '' : places}${text}\n${rest}`);
  return checkHost(loadConfig({ path })).map(({ severity, key, message }) =>
    `${severity} ${key}: ${message}`.replaceAll(directory, 'DIR'),
  );
}

function runtimes(path: string, more = ''): string {
  return `[runtimes.runc]\nkind = "oci"\npath = "${path}"\n${more}`;
}

describe('checkHost()', () => {
  it('finds nothing wrong with a host that has everything', () => {
    expect(check(runtimes('sh'))).toEqual([]);
  });

  it('tells absent programs from files that cannot run, and the default handler from others', () => {
    const kata =
      '[runtimes.kata]\nkind = "shim-v2"\npath = "containerd-shim-nowhere-v2"\nconfig_path = "/absent.toml"\n';
    const other = `[runtimes.other]\nkind = "oci"\npath = "${directory}/plain"\nmonitor = "/absent/conmon"\n`;

    expect(check(`${runtimes('/absent/runc', 'seccomp_profile = "/absent.json"\n')}${kata}${other}`)).toEqual([
      'error runtimes.runc.path: "/absent/runc" does not exist: install it, or correct the path',
      'error runtimes.runc.seccomp_profile: there is no file "/absent.json"',
      'warning runtimes.kata.path: there is no program "containerd-shim-nowhere-v2" in PATH: install it',
      'warning runtimes.kata.config_path: there is no file "/absent.toml"',
      'warning runtimes.other.path: "DIR/plain" is not an executable file',
      'warning runtimes.other.monitor: "/absent/conmon" does not exist: install it, or correct the path',
    ]);
  });

  it("warns of a handler's network directory that is missing, also of the default handler's", () => {
    const own = `cni_conf_dir = "${directory}/none.d"\n`;
    const other = `[runtimes.other]\nkind = "oci"\npath = "sh"\ncni_conf_dir = "${directory}"\n`;

    expect(check(runtimes('sh', own) + other)).toEqual([
      'warning runtimes.runc.cni_conf_dir: there is no directory "DIR/none.d" yet: pods of this handler have no network until a CNI configuration is there',
    ]);
  });

  it('reports directories that cannot be', () => {
    expect(check(`root = "${directory}/plain/root"\nrun = "${directory}"\n${runtimes('sh')}`)).toEqual([
      'error root: "DIR/plain/root" is not a directory and cannot become one',
    ]);
  });

  it('accepts the longest run directory and refuses a longer one', () => {
    const longest = `/${'r'.repeat(LONGEST_RUN_BYTES - 1)}`;
    const attach = `${longest}/a/${'0'.repeat(64)}/attach`;

    expect(attach).toHaveLength(107);
    expect(check(`run = "${longest}"\n${runtimes('sh')}`)).toEqual([]);
    expect(check(`run = "${longest}r"\n${runtimes('sh')}`)).toEqual([
      expect.stringContaining(`error run: "${longest}r" has 34 bytes; at most 33 bytes`),
    ]);
  });

  it('reports an unknown group, a missing credentials file and missing network directories', () => {
    const path = join(directory, 'other.toml');
    writeFileSync(
      path,
      `version = 1\nrun = "/run/x"\n[cri]\nsocket_group = "no-such-group"\n${runtimes('sh')}` +
        `[images]\ndocker_config = "/absent"\n[network]\nbin_dirs = []\nconf_dirs = ["/absent"]\n` +
        `[monitor]\nconmon = "sh"\n`,
    );

    expect(checkHost(loadConfig({ path })).map(({ severity, key }) => `${severity} ${key}`)).toEqual([
      'error cri.socket_group',
      'warning images.docker_config',
      'warning network.bin_dirs',
      'warning network.conf_dirs',
    ]);
  });

  it('reports that SELinux is wanted on a host without it, and nothing where nobody wants it', () => {
    const without = { ...THIS_HOST, hasSelinux: () => false };
    const path = join(directory, 'selinux.toml');
    const reported = (text: string, facts = without) => {
      writeFileSync(path, `version = 1\nrun = "/run/x"\n${text}`);
      return checkHost(loadConfig({ path }), facts).filter(({ key }) => key === 'cri.selinux');
    };

    expect(reported('[cri]\nselinux = true\n')).toEqual([
      { severity: 'warning', key: 'cri.selinux', message: expect.stringContaining('not enabled on this host') },
    ]);
    expect(reported('[cri]\nselinux = true\n', { ...without, hasSelinux: () => true })).toEqual([]);
    expect(reported('[cri]\nselinux = false\n')).toEqual([]);
    expect(reported('')).toEqual([]);
  });
});
