// A place to run containers in: directories, a root file system, specs, and a look at what was left behind.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../../../src/errors.ts';
import { commandLine, listPids } from '../../../src/host/procfs.ts';
import { OrphanReaper } from '../../../src/host/orphans.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import type { Process, Resources, Spec } from '../../../src/oci/types.ts';
import type { CreateRequest, RuntimeDriver, RuntimeFeatures } from '../../../src/runtime/driver.ts';
import { OciCliDriver } from '../../../src/runtime/oci-cli/driver.ts';
import { ExitWatcher } from '../../../src/runtime/oci-cli/exit-watcher.ts';
import { DEFAULT_TIMEOUTS, type OciRuntime } from '../../../src/runtime/oci-cli/options.ts';
import { DEFAULT_PATH } from '../../../src/host/run-command.ts';
import { parseVersion } from '../../../src/runtime/features.ts';
import { unmountInRoot } from '../../../src/runtime/runtime-root.ts';
import { ShimDriver } from '../../../src/runtime/shim-v2/driver.ts';
import { ShimEvents } from '../../../src/runtime/shim-v2/events.ts';
import { DEFAULT_SHIM_TIMEOUTS } from '../../../src/runtime/shim-v2/options.ts';
import { Protocol } from '../../../src/runtime/shim-v2/protocol.ts';
import { buildRootfs } from './rootfs.ts';

const NO_FEATURES: RuntimeFeatures = {
  version: 'unknown',
  source: 'unknown',
  recursiveReadOnlyMounts: false,
  userNamespaces: false,
  sandboxProcess: false,
  containerCgroups: true,
  portForward: 'netns',
  ownArgs: [],
  hostNetworkArgs: [],
  givesInputAway: false,
  obeysPathRules: true,
  selinux: 'container',
};

/** How the lab's runtime wants to be called, and what is known of it beside its path. */
export interface LabRuntime {
  readonly args?: readonly string[];
  readonly features?: Partial<RuntimeFeatures>;
}

export class Lab {
  readonly dir = mkdtempSync(join(tmpdir(), 'rt-'));
  readonly features: RuntimeFeatures;
  readonly #args: readonly string[];
  readonly orphans = new OrphanReaper(200);
  readonly #cgroup = `/crisol-test-${process.pid}`;
  readonly #watchers: ExitWatcher[] = [];
  readonly #shimDrivers: ShimDriver[] = [];
  #protocol: Protocol | undefined;
  #events: ShimEvents | undefined;
  #count = 0;
  #sandbox: CreateRequest | undefined;

  constructor({ args = [], features = {} }: LabRuntime = {}) {
    this.#args = args;
    this.features = { ...NO_FEATURES, ...features };
    buildRootfs(join(this.dir, 'rootfs'));
  }

  /** The container that is the sandbox of all that are requested from now on; of runtimes whose sandbox is a process. */
  async startSandbox(driver: RuntimeDriver, resources: Resources = {}): Promise<void> {
    this.#sandbox = undefined;
    const request = this.request('exec sleep 86399');
    request.spec.annotations = this.#identity('sandbox', request.id);
    request.spec.linux.resources = resources;
    await driver.create({ ...request, logPath: undefined });
    await driver.start(request);
    this.#sandbox = request;
  }

  async endSandbox(driver: RuntimeDriver): Promise<void> {
    const sandbox = this.#sandbox;
    if (sandbox === undefined) return;
    await driver.kill(sandbox, 9, 'all');
    await driver.delete(sandbox);
    this.#sandbox = undefined;
  }

  #identity(kind: 'sandbox' | 'container', sandboxId: string): Record<string, string> {
    return { 'io.kubernetes.cri.container-type': kind, 'io.kubernetes.cri.sandbox-id': sandboxId };
  }

  runtime(path: string): OciRuntime {
    return {
      handler: 'tested',
      path,
      args: [...this.features.ownArgs, ...this.#args],
      hostNetworkArgs: this.features.hostNetworkArgs ?? [],
      root: join(this.dir, 'state'),
      systemdCgroup: false,
      sandboxProcess: this.features.sandboxProcess,
      givesInputAway: this.features.givesInputAway,
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
      features: this.features,
      orphans: this.orphans,
      log,
    });
  }

  /** A driver over the shim at `path`, likewise. */
  shimDriver(path: string, timeouts = DEFAULT_SHIM_TIMEOUTS): ShimDriver {
    const driver = new ShimDriver({
      shim: {
        handler: 'tested',
        path,
        version: shimVersion(path),
        binary: undefined,
        configPath: undefined,
        root: join(this.dir, 'state'),
        systemdCgroup: false,
        env: { PATH: DEFAULT_PATH },
        timeouts,
      },
      features: this.features,
      protocol: (this.#protocol ??= new Protocol()),
      events: (this.#events ??= this.#newEvents(this.#protocol)),
      orphans: this.orphans,
      log: createLogger('error'),
    });
    this.#shimDrivers.push(driver);
    return driver;
  }

  #newEvents(protocol: Protocol): ShimEvents {
    return new ShimEvents({ protocol, path: join(this.dir, 'events.sock'), bundles: join(this.dir, 'bundles') });
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
      root: { path: this.#rootfs(id), readonly: false },
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
      annotations: this.#sandbox === undefined ? {} : this.#identity('container', this.#sandbox.id),
      linux: {
        namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
        cgroupsPath: `${this.#cgroup}/${id}`,
        resources: {},
      },
    };
  }

  // Containers of one sandbox cannot share a root file system.
  #rootfs(id: string): string {
    const shared = join(this.dir, 'rootfs');
    if (!this.features.sandboxProcess) return shared;
    const own = join(this.dir, 'roots', id);
    cpSync(shared, own, { recursive: true, verbatimSymlinks: true });
    return own;
  }

  /** The text of a container's log without time stamps and tags. */
  logLines(path: string): string[] {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => line.split(' ').slice(3).join(' '));
  }

  /** Processes, files and cgroups that should be gone after every container was deleted; without a sandbox's own. */
  leftovers(): string[] {
    const sandbox = this.#sandbox?.id ?? '\0';
    const processes = listPids().filter((pid) => {
      const args = commandLine(pid);
      return args.some((arg) => arg.includes(this.dir)) && !args.some((arg) => arg.includes(sandbox));
    });
    const files = ['exits', 's', 'state', 'state/k8s.io']
      .flatMap((name) => listDirectory(join(this.dir, name)))
      // Where containerd's shim keeps its runtime's state, and a namespace that gVisor keeps for all sandboxes.
      .filter((path) => !/\/state\/(k8s\.io|null-netns)$/.test(path));
    const bundles = listDirectory(join(this.dir, 'bundles')).flatMap((path) => listDirectory(path));
    const extra = bundles.filter((path) => !path.endsWith('/config.json'));
    const cgroups = this.#cgroupDirectories().flatMap((path) =>
      listDirectory(path).filter((entry) => /\/c\d+0*$/.test(entry)),
    );
    return [...processes.map(String), ...files, ...extra, ...cgroups].filter((left) => !left.includes(sandbox));
  }

  #cgroupDirectories(): string[] {
    return ['', ...readdirSync('/sys/fs/cgroup')].map((name) => join('/sys/fs/cgroup', name, this.#cgroup));
  }

  /** Removes the cgroups of containers that are gone; their runtime could not. */
  removeCgroups(...ids: readonly string[]): void {
    for (const path of this.#cgroupDirectories()) for (const id of ids) removeDirectory(join(path, id));
  }

  async close(): Promise<void> {
    await Promise.all(this.#shimDrivers.map((driver) => driver.close()));
    this.#events?.close();
    this.#watchers.forEach((watcher) => watcher.close());
    this.orphans.close();
    this.#cgroupDirectories().forEach(removeDirectory);
    await unmountInRoot(join(this.dir, 'state'));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function shimVersion(path: string): string {
  return parseVersion(spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout);
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
