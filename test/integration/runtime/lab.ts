// A place to run containers in: directories, a root file system, specs, and a look at what was left behind.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../../../src/errors.ts';
import { commandLine, listPids } from '../../../src/host/procfs.ts';
import { OrphanReaper } from '../../../src/host/orphans.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import type { Process, Spec } from '../../../src/oci/types.ts';
import type { CreateRequest, RuntimeDriver, RuntimeFeatures } from '../../../src/runtime/driver.ts';
import { OciCliDriver } from '../../../src/runtime/oci-cli/driver.ts';
import { ExitWatcher } from '../../../src/runtime/oci-cli/exit-watcher.ts';
import { DEFAULT_TIMEOUTS, type OciRuntime } from '../../../src/runtime/oci-cli/options.ts';
import { DEFAULT_PATH } from '../../../src/host/run-command.ts';
import { buildRootfs } from './rootfs.ts';

const NO_FEATURES: RuntimeFeatures = {
  version: 'unknown',
  source: 'unknown',
  recursiveReadOnlyMounts: false,
  userNamespaces: false,
  sandboxProcess: false,
};

export class Lab {
  readonly dir = mkdtempSync(join(tmpdir(), 'rt-'));
  readonly orphans = new OrphanReaper(200);
  readonly #cgroup = `/crisol-test-${process.pid}`;
  readonly #watchers: ExitWatcher[] = [];
  #count = 0;

  constructor() {
    buildRootfs(join(this.dir, 'rootfs'));
  }

  runtime(path: string): OciRuntime {
    return {
      handler: 'tested',
      path,
      args: [],
      root: join(this.dir, 'state'),
      systemdCgroup: false,
      env: { PATH: DEFAULT_PATH },
      timeouts: DEFAULT_TIMEOUTS,
    };
  }

  /** A driver over the lab's directories; every call gives a new one that knows nothing of the others. */
  driver(path: string, conmonPath = '/usr/bin/conmon', timeouts = DEFAULT_TIMEOUTS): RuntimeDriver {
    const log = createLogger('error');
    const exits = new ExitWatcher({ dir: join(this.dir, 'exits'), log, pollMs: 100 });
    this.#watchers.push(exits);
    return new OciCliDriver({
      runtime: { ...this.runtime(path), timeouts },
      conmonPath,
      exits,
      socketDir: join(this.dir, 's'),
      features: NO_FEATURES,
      orphans: this.orphans,
      log,
    });
  }

  /** A request for a container that runs `script` in busybox's shell. */
  request(script: string, process: Partial<Process> = {}): CreateRequest {
    this.#count += 1;
    const id = `c${this.#count}`.padEnd(64, '0');
    const bundle = join(this.dir, 'bundles', id);
    mkdirSync(bundle, { recursive: true });
    const logPath = join(this.dir, 'logs', id, '0.log');
    return { id, bundle, spec: this.#spec(id, script, process), logPath, stdin: false, stdinOnce: false };
  }

  #spec(id: string, script: string, process: Partial<Process>): Spec {
    return {
      ociVersion: '1.0.2',
      root: { path: join(this.dir, 'rootfs'), readonly: false },
      process: {
        terminal: false,
        user: { uid: 0, gid: 0, additionalGids: [] },
        args: ['/bin/sh', '-c', script],
        env: ['PATH=/bin'],
        cwd: '/',
        noNewPrivileges: true,
        ...process,
      },
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc' },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
        { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['newinstance', 'ptmxmode=0666'] },
      ],
      annotations: {},
      linux: {
        namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
        cgroupsPath: `${this.#cgroup}/${id}`,
        resources: {},
      },
    };
  }

  /** The text of a container's log without time stamps and tags. */
  logLines(path: string): string[] {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => line.split(' ').slice(3).join(' '));
  }

  /** Processes, files and cgroups that should be gone after every container was deleted. */
  leftovers(): string[] {
    const processes = listPids().filter((pid) => commandLine(pid).some((arg) => arg.includes(this.dir)));
    const files = ['exits', 's', 'state'].flatMap((name) => listDirectory(join(this.dir, name)));
    const bundles = listDirectory(join(this.dir, 'bundles')).flatMap((path) => listDirectory(path));
    const extra = bundles.filter((path) => !path.endsWith('/config.json'));
    const cgroups = this.#cgroupDirectories().flatMap((path) =>
      listDirectory(path).filter((entry) => /\/c\d+0*$/.test(entry)),
    );
    return [...processes.map(String), ...files, ...extra, ...cgroups];
  }

  #cgroupDirectories(): string[] {
    return ['', ...readdirSync('/sys/fs/cgroup')].map((name) => join('/sys/fs/cgroup', name, this.#cgroup));
  }

  /** Removes the cgroups of containers that are gone; their runtime could not. */
  removeCgroups(...ids: readonly string[]): void {
    for (const path of this.#cgroupDirectories()) for (const id of ids) removeDirectory(join(path, id));
  }

  close(): void {
    this.#watchers.forEach((watcher) => watcher.close());
    this.orphans.close();
    this.#cgroupDirectories().forEach(removeDirectory);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path).map((name) => join(path, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
    throw error;
  }
}

function removeDirectory(path: string): void {
  try {
    rmdirSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error;
  }
}
