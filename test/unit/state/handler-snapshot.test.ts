import { describe, expect, it } from '@jest/globals';
import { HandlerSnapshot } from '../../../src/state/handler-snapshot.ts';

const OLD = {
  ...{ name: 'runc', kind: 'oci', path: '/usr/sbin/runc', root: '/run/crisol/rt/runc', systemdCgroup: false },
  ...{ createTimeoutMs: 1, annotations: [], privilegedWithoutHostDevices: false, seccompProfile: null },
  ...{ containerMinMemoryBytes: 0, args: [], monitor: '/usr/bin/conmon' },
  features: {
    ...{ version: '1.1', source: 'reported', recursiveReadOnlyMounts: true },
    ...{ userNamespaces: false, sandboxProcess: false },
  },
};

describe('HandlerSnapshot', () => {
  it("reads records of daemons that knew no base specs and no networks of handlers' own", () => {
    expect(HandlerSnapshot.parse(OLD)).toMatchObject({ baseSpec: null, cniConfDir: null });
  });

  it("keeps the directory of a handler's own network", () => {
    expect(HandlerSnapshot.parse({ ...OLD, cniConfDir: '/etc/cni/kata.d' }).cniConfDir).toBe('/etc/cni/kata.d');
  });
});
