// Runs generated specs with the real runc and looks at them from inside and from the host's cgroups.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CgroupHost } from '../../../src/cgroup/host.ts';
import { listMounts } from '../../../src/host/mounts.ts';
import { boundingCapabilities, ownOomScoreAdj } from '../../../src/host/procfs.ts';
import { runCommand } from '../../../src/host/run-command.ts';
import { buildContainerSpec } from '../../../src/oci/container-spec.ts';
import type { ContainerSpecInput } from '../../../src/oci/container-spec.ts';
import { buildPauseSpec } from '../../../src/oci/pause-spec.ts';
import { grantDevice } from '../../../src/oci/devices.ts';
import type { HostFacts } from '../../../src/oci/spec-input.ts';
import type { Spec } from '../../../src/oci/types.ts';
import { resolveUser } from '../../../src/oci/user.ts';
import {
  container,
  mount,
  pauseInput,
  resources,
  sandbox,
  sandboxSecurity,
  security,
  specInput,
} from '../../unit/oci/configs.ts';

const RUNC = '/usr/sbin/runc';
const APPLETS = ['sh', 'cat', 'id', 'sleep', 'touch', 'env', 'unshare', 'stat', 'grep', 'hostname', 'ls'];
const CAP_SYS_RESOURCE = 24n;
const MIB = 1024 * 1024;

const cgroups = CgroupHost.detect({ driver: 'cgroupfs', mounts: listMounts(), systemdRunning: false });
const bounding = boundingCapabilities();

const HOST: HostFacts = {
  boundingCapabilities: bounding,
  ownOomScoreAdj: ownOomScoreAdj(),
  canLowerOomScore: ((bounding >> CAP_SYS_RESOURCE) & 1n) === 1n,
  cgroupVersion: cgroups.version,
  swapAccounting: cgroups.facts.swapAccounting,
  hugetlb: cgroups.facts.hugetlb,
  apparmorEnabled: false,
  selinuxEnabled: false,
  arch: process.arch === 'arm64' ? 'arm64' : 'amd64',
  kernelRelease: release(),
  hostDevices: [],
};

let directory: string;
let id: string;
let parent: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-oci-'));
  id = `c${randomBytes(8).toString('hex')}`;
  parent = `/crisol-test-${id}`;
  await makeRootfs();
});

afterEach(async () => {
  await runc('delete', '--force', id);
  await cgroups.remove(parent);
  rmSync(directory, { recursive: true });
});

// Debian's busybox needs its libraries.
async function makeRootfs(): Promise<void> {
  const { stdout } = await runCommand({ file: '/usr/bin/ldd', args: ['/usr/bin/busybox'] });
  const libraries = stdout.toString().match(/\/\S+/g) ?? [];
  for (const file of ['/usr/bin/busybox', ...libraries]) {
    const target = join(directory, 'rootfs', file);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target, { dereference: true });
  }
  mkdirSync(join(directory, 'rootfs/bin'));
  for (const applet of APPLETS) symlinkSync('/usr/bin/busybox', join(directory, 'rootfs/bin', applet));
  for (const name of ['shm', 'data', 'rootfs/etc']) mkdirSync(join(directory, name));
  for (const name of ['resolv.conf', 'hosts', 'hostname']) writeFileSync(join(directory, name), `${name} of the pod\n`);
  writeFileSync(join(directory, 'data/inside'), 'mounted\n');
}

function runc(...args: string[]) {
  return runCommand({ file: RUNC, args: ['--root', join(directory, 'state'), ...args], timeoutMs: 20_000 });
}

function run(spec: Spec) {
  writeFileSync(join(directory, 'config.json'), JSON.stringify(spec));
  return runc('run', '--bundle', directory, id);
}

async function output(spec: Spec): Promise<string> {
  const { stdout, stderr, exitCode } = await run(spec);
  expect({ exitCode, stderr: stderr.toString() }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.toString();
}

function files() {
  const at = (name: string): string => join(directory, name);
  return { resolvConf: at('resolv.conf'), hosts: at('hosts'), hostname: at('hostname'), shm: at('shm') };
}

function input(script: string, fields: Partial<ContainerSpecInput> = {}): ContainerSpecInput {
  const base = specInput({
    rootfsPath: join(directory, 'rootfs'),
    namespaces: { network: 'new', ipc: 'new', uts: 'new', pid: 'new' },
    cgroupsPath: cgroups.containerPath(parent, id).ociPath,
    files: files(),
    host: HOST,
    ...fields,
  });
  return { ...base, container: { ...base.container, command: ['/bin/sh', '-c'], args: [script] } };
}

describe('a generated spec under runc', () => {
  it('runs the restricted container it describes', async () => {
    const securityContext = security({
      readonlyRootfs: true,
      noNewPrivs: true,
      seccomp: { profileType: 'RuntimeDefault', localhostRef: '' },
      capabilities: { addCapabilities: [], dropCapabilities: ['ALL'], addAmbientCapabilities: ['NET_BIND_SERVICE'] },
      maskedPaths: ['/proc/kcore', '/proc/timer_list'],
      readonlyPaths: ['/proc/sys'],
      runAsUser: { value: '1000' },
      supplementalGroups: ['4000'],
    });
    const limits = resources({
      memoryLimitInBytes: String(64 * MIB),
      cpuShares: '512',
      cpuQuota: '50000',
      cpuPeriod: '100000',
      oomScoreAdj: '900',
    });
    const script = `
      id; hostname; echo "lang $LANG"; cat /data/inside /etc/hosts
      grep -E '^(CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status
      cat /proc/self/oom_score_adj
      touch /x 2>&1; touch /data/x 2>&1; unshare -u true 2>&1
      stat -c '%a %t,%T' /dev/full2; ls /dev/shm /dev/mqueue; cat /proc/timer_list`;
    const node = { path: '/dev/full', type: 'c', major: 1, minor: 7, mode: 0o640, uid: 0, gid: 0 } as const;
    const device = { hostPath: '/dev/full', containerPath: '/dev/full2', permissions: 'r' };

    const text = await output(
      buildContainerSpec(
        input(script, {
          container: container({
            envs: [{ key: 'LANG', value: Buffer.from('C.UTF-8') }],
            linux: { resources: limits, securityContext },
          }),
          user: resolveUser({ passwd: 'web:x:1000:3000::/:/bin/sh', group: '' }, securityContext, ''),
          mounts: [{ mount: mount({ readonly: true }), source: join(directory, 'data') }],
          devices: grantDevice(device, '/dev/full', [node]),
        }),
      ),
    );

    expect(text.split('\n')).toEqual([
      'uid=1000 gid=3000 groups=3000,4000',
      'pod-one',
      'lang C.UTF-8',
      'mounted',
      'hosts of the pod',
      'CapBnd:\t0000000000000400',
      'CapAmb:\t0000000000000400',
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
      '900',
      'touch: /x: Read-only file system',
      'touch: /data/x: Read-only file system',
      'unshare: unshare(0x4000000): Operation not permitted',
      '640 1,7',
      '/dev/mqueue:',
      '',
      '/dev/shm:',
      '',
    ]);
  });

  it('runs a privileged container with everything the daemon has', async () => {
    const linux = sandbox().linux!;
    const privilegedSandbox = sandbox({ linux: { ...linux, securityContext: sandboxSecurity({ privileged: true }) } });
    const host = {
      ...HOST,
      hostDevices: [{ path: '/dev/zero2', type: 'c', major: 1, minor: 5, mode: 0o666, uid: 0, gid: 0 } as const],
    };
    const script = `
      grep -E '^(CapBnd|CapEff|Seccomp):' /proc/self/status; touch /x && echo written; ls /dev/zero2
      grep -c ' /sys sysfs rw' /proc/mounts`;

    const text = await output(
      buildContainerSpec(
        input(script, {
          container: container({ linux: { resources: null, securityContext: security({ privileged: true }) } }),
          sandbox: privilegedSandbox,
          host,
        }),
      ),
    );

    const mask = bounding.toString(16).padStart(16, '0');
    expect(text.split('\n')).toEqual([
      `CapEff:\t${mask}`,
      `CapBnd:\t${mask}`,
      'Seccomp:\t0',
      'written',
      '/dev/zero2',
      '1',
      '',
    ]);
  });

  it('is measured, limited and killed through its cgroup', async () => {
    const limits = resources({ memoryLimitInBytes: String(64 * MIB) });
    const spec = buildContainerSpec(
      input('sleep 60 & sleep 60; true', {
        container: container({ linux: { resources: limits, securityContext: security() } }),
        defaults: { ulimits: [{ name: 'core', soft: 0, hard: 0 }], pidsLimit: 50, env: [] },
      }),
    );
    const { path } = cgroups.containerPath(parent, id);
    cgroups.ensure(parent);

    const running = run(spec);
    const deadline = Date.now() + 4000;
    while (cgroups.processes(path).length < 3 && Date.now() < deadline) await setTimeout(20);
    const stats = cgroups.readStats(path);
    const pids = cgroups.processes(path);
    const podStats = cgroups.readStats(parent);
    cgroups.killAll(path);
    const { exitCode } = await running;
    await cgroups.remove(path);

    expect(exitCode).toBe(137);
    expect(pids).toHaveLength(3);
    expect(stats?.processCount).toBe(3);
    expect(stats?.cpuUsageNanos).toBeGreaterThan(0n);
    expect(stats?.memory.usageBytes).toBeGreaterThan(0);
    expect(stats?.memory.availableBytes).toBeLessThanOrEqual(64 * MIB);
    // Read a moment later, so a few pages more or less.
    expect(podStats?.memory.usageBytes).toBeGreaterThanOrEqual((stats?.memory.workingSetBytes ?? Infinity) - MIB / 4);
    expect(stats?.pressure.cpu?.some.totalMicros).toBeGreaterThanOrEqual(0n);
    expect(cgroups.exists(path)).toBe(false);
  });

  it('counts kills for lack of memory', async () => {
    const limits = resources({ memoryLimitInBytes: String(16 * MIB) });
    const script = `trap '' TERM; (x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done); echo "child ended $?"; sleep 1`;
    const spec = buildContainerSpec(
      input(script, { container: container({ linux: { resources: limits, securityContext: security() } }) }),
    );
    const { path } = cgroups.containerPath(parent, id);

    const running = run(spec);
    let kills = 0;
    for (let round = 0; round < 100 && kills === 0; round++) {
      await setTimeout(50);
      kills = cgroups.oomKills(path) ?? 0;
    }
    const { stdout } = await running;

    expect(kills).toBeGreaterThanOrEqual(1);
    expect(stdout.toString()).toBe('child ended 137\n');
  });

  it('runs the pause container of a sandbox', async () => {
    const spec = buildPauseSpec(
      pauseInput({
        rootfsPath: join(directory, 'rootfs'),
        args: [
          '/bin/sh',
          '-c',
          'id; hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start /etc/resolv.conf; touch /x',
        ],
        namespaces: { network: 'new', ipc: 'new', uts: 'new', pid: 'new' },
        cgroupsPath: cgroups.containerPath(parent, id).ociPath,
        files: files(),
        sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
        host: HOST,
      }),
    );

    const { stdout, stderr } = await run(spec);

    expect(stdout.toString().split('\n')).toEqual([
      'uid=65535 gid=65535 groups=65535',
      'pod-one',
      '0',
      'resolv.conf of the pod',
      '',
    ]);
    expect(stderr.toString()).toBe('touch: /x: Read-only file system\n');
  });
});
