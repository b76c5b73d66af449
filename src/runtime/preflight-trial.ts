// Proves that a runtime works: creates a container of nothing in a directory of its own, and deletes it.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DaemonError } from '../errors.ts';
import type { CommandResult } from '../host/run-command.ts';
import { identifyProcess } from '../host/procfs.ts';
import type { Spec } from '../oci/types.ts';
import { mountBundleRootfs, unmountBundleRootfs } from './bundle-rootfs.ts';
import { firstError, runtimeFailure } from './first-error.ts';
import type { OciHandlerSpec } from './handler.ts';
import type { Stages } from './preflight-stages.ts';
import { unmountInRoot } from './runtime-root.ts';

/** A trial's place on the host: the same at each start, so that a later trial finds what a killed daemon left. */
export interface TrialPlace {
  readonly id: string;
  readonly dir: string;
  readonly bundle: string;
  readonly root: string;
  readonly pid: string;
}

export function placeOf(handler: string, runDir: string): TrialPlace {
  const dir = join(runDir, 'preflight', handler);
  // Several daemons may live on one host, and the id names a cgroup of the host.
  const id = `crisol-preflight-${handler}-${createHash('sha256').update(dir).digest('hex').slice(0, 8)}`;
  return { id, dir, bundle: join(dir, 'bundle'), root: join(dir, 'state'), pid: join(dir, 'pid') };
}

/**
 * Makes and removes a container that never starts.
 * @param runtime absolute path of the binary
 * @throws DaemonError with the runtime's first error
 */
export async function tryRuntime(spec: OciHandlerSpec, runtime: string, runDir: string, stages: Stages): Promise<void> {
  const place = placeOf(spec.name, runDir);
  const global = [...spec.args, '--root', place.root, ...(spec.systemdCgroup ? ['--systemd-cgroup'] : [])];
  const remove = async () => {
    await stages.cleanUp(runtime, [...global, 'delete', '--force', place.id]);
    await unmountInRoot(place.root);
    unmountBundleRootfs(place.bundle);
    await rm(place.dir, { recursive: true, force: true });
  };
  await remove();
  try {
    await writeBundle(place, spec.systemdCgroup);
    const log = join(place.dir, 'log');
    const flags = ['--log', log, '--log-format', 'json'];
    const args = ['create', '--bundle', place.bundle, '--pid-file', place.pid, place.id];
    const result = await stages.run('create', runtime, [...global, ...flags, ...args]);
    const said = firstError(await readFile(log, 'utf8').catch(() => '')) ?? firstError(result.stderr.toString());
    if (result.exitCode === undefined) stages.checkSuccess('create', result);
    if (result.exitCode !== 0)
      throw runtimeFailure('create of a trial container', said ?? `it exited with ${result.exitCode} and said nothing`);
    const pid = Number(await readFile(place.pid, 'latin1').catch(() => ''));
    if (!(pid > 1) || identifyProcess(pid) === undefined)
      throw new DaemonError(
        'unknown',
        `create of a trial container made no process${printed(result)}: this is no OCI runtime`,
        undefined,
        'correct the path: it is to be runc, crun, runsc or another program with their command line',
      );
    await stages.expectSuccess('delete', runtime, [...global, 'delete', '--force', place.id]);
  } finally {
    await remove();
  }
}

function printed({ stdout }: CommandResult): string {
  const line = firstError(stdout.toString('utf8'))
    ?.replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 80);
  return line === undefined ? '' : ` and printed "${line}"`;
}

async function writeBundle(place: TrialPlace, systemdCgroup: boolean): Promise<void> {
  await writeRootfs(place);
  await writeFile(join(place.bundle, 'config.json'), JSON.stringify(trialSpec(place, systemdCgroup)));
}

/** Makes the trial's directories, with a root file system that holds a program nobody runs. */
export async function writeRootfs(place: TrialPlace): Promise<void> {
  const rootfs = mountBundleRootfs(place.bundle);
  // crun wants /dev although nothing is mounted there.
  for (const name of ['proc', 'dev']) await mkdir(join(rootfs, name), { recursive: true, mode: 0o700 });
  await mkdir(place.root, { recursive: true, mode: 0o700 });
  // Runtimes look for the program at create, but this one is never run.
  await writeFile(join(rootfs, 'program'), '', { mode: 0o755 });
}

/** The config.json of a trial container. */
export function trialSpec(place: TrialPlace, systemdCgroup: boolean): Spec {
  // crun takes no scope without a slice, and this slice is always there.
  const cgroupsPath = systemdCgroup ? `system.slice:crisol:${place.id}` : `/${place.id}`;
  return {
    ociVersion: '1.0.2',
    root: { path: 'rootfs', readonly: true },
    process: {
      terminal: false,
      user: { uid: 0, gid: 0, additionalGids: [] },
      args: ['/program'],
      env: ['PATH=/'],
      cwd: '/',
      noNewPrivileges: true,
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      // Its devices are opened, which below /run is not possible: systemd mounts that without devices.
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs' },
    ],
    annotations: {},
    linux: {
      namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
      cgroupsPath,
      resources: {},
    },
  };
}
