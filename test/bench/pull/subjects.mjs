// Who is measured: each starts from an empty root directory and pulls an image of the bench's registry.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../client.mjs';

const { BENCH_REGISTRY: registry, BENCH_CONTAINERD: debian, BENCH_IGZIP: isal, BIN: bin, REPO: repo } = process.env;

const TICK_MS = 10;
const CGROUPS = existsSync('/sys/fs/cgroup/cpu/cgroup.procs') ? '/sys/fs/cgroup/cpu' : '/sys/fs/cgroup';

/** Moves a process where a service manager would have it: into a cgroup of its own, whose directory this returns. */
export function ownCgroup(pid) {
  const cgroup = join(CGROUPS, `crisol-bench-${pid}`);
  mkdirSync(cgroup);
  writeFileSync(join(cgroup, 'cgroup.procs'), String(pid));
  return cgroup;
}

/** Takes this process out again. */
export function leaveCgroup(cgroup) {
  writeFileSync(join(CGROUPS, 'cgroup.procs'), String(process.pid));
  rmdirSync(cgroup);
}

function cpuTimes(pid) {
  const [, fields] = /\) (.*)\n/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return fields
    .split(' ')
    .slice(11, 15)
    .map((ticks) => Number(ticks) * TICK_MS);
}

/** A daemon under the CRI. `command(directory)` writes its configuration and says how to start it. */
class Daemon {
  #child;
  #client;
  #cgroup;

  constructor(name, command) {
    this.name = name;
    this.command = command;
    this.isDaemon = true;
    this.isOwn = name.startsWith('crisol');
  }

  async start(directory) {
    const { file, args, env = {} } = this.command(directory);
    this.#child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#cgroup = ownCgroup(this.#child.pid);
    let log = '';
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (text) => (log = (log + text).slice(-4000)));
    this.#client = connect(`unix://${directory}/cri.sock`);
    for (let tries = 0; ; tries += 1) {
      try {
        await this.#client.rpc.ListImages();
        return;
      } catch (error) {
        if (tries > 300 || this.#child.exitCode !== null)
          throw new Error(`${this.name} does not start: ${error}\n${log}`);
        await sleep(100);
      }
    }
  }

  /** Of the daemon and the children it has waited for. */
  get cpuMs() {
    const [user, system, children, childrenSystem] = cpuTimes(this.#child.pid);
    return user + system + children + childrenSystem;
  }

  get rpc() {
    return this.#client.rpc;
  }

  async pull(image) {
    await this.rpc.PullImage({ image: { image: `${registry}/bench/${image}:latest` } });
  }

  async stop() {
    this.#client.close();
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null) {
      this.#child.kill();
      await ended;
    }
    rmdirSync(this.#cgroup);
  }
}

/** skopeo into an OCI layout, then umoci out of it. */
class Tools {
  name = 'skopeo + umoci';
  isDaemon = false;
  isOwn = false;
  #directory;

  async start(directory) {
    this.#directory = directory;
  }

  /** Of every child of ours; only differences mean something. */
  get cpuMs() {
    const [, , children, childrenSystem] = cpuTimes('self');
    return children + childrenSystem;
  }

  async pull(image) {
    const layout = join(this.#directory, 'layout');
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--quiet',
      '--src-tls-verify=false',
      `docker://${registry}/bench/${image}:latest`,
      `oci:${layout}:latest`,
    ]);
    await run(join(bin, 'umoci'), ['raw', 'unpack', '--image', `${layout}:latest`, join(this.#directory, 'rootfs')]);
  }

  async stop() {}
}

function run(file, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk) => (text += chunk));
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${file}: ${text}`))));
  });
}

function crisol(directory) {
  const config = join(directory, 'config.toml');
  writeFileSync(
    config,
    `version = 1
root = "${directory}/root"
run = "${directory}/run"
log_level = "warn"
[cri]
socket = "${directory}/cri.sock"
default_runtime = "runc"
[runtimes.runc]
kind = "oci"
path = "runc"
`,
  );
  return { file: process.execPath, args: [join(repo, 'dist/bundle/main.js'), 'serve', '--config', config] };
}

/** As on a host without ISA-L: what the loader finds under that name first is no library. */
function crisolWithZlib(directory) {
  const libraries = join(directory, 'lib');
  mkdirSync(libraries);
  writeFileSync(join(libraries, 'libisal.so.2'), '');
  return { ...crisol(directory), env: { LD_LIBRARY_PATH: libraries } };
}

function containerd(file, version, env) {
  return (directory) => {
    const config = join(directory, 'config.toml');
    mkdirSync(join(directory, 'certs'));
    const plugin = version === 2 ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.images';
    writeFileSync(
      config,
      `version = ${version}
root = "${directory}/root"
state = "${directory}/run"
[grpc]
address = "${directory}/cri.sock"
[plugins."${plugin}".registry]
config_path = "${directory}/certs"
[plugins."io.containerd.internal.v1.opt"]
path = "${directory}/opt"
`,
    );
    return { file, args: ['--config', config], env };
  };
}

/** The subjects in the order of the table's columns; crisol first. */
export function subjects() {
  const igzip = { PATH: `${isal}/usr/bin:${process.env.PATH}`, LD_LIBRARY_PATH: libraries() };
  const current = join(bin, 'containerd-current');
  return [
    new Daemon('crisol', crisol),
    new Daemon('crisol with zlib', crisolWithZlib),
    new Daemon(`containerd ${versionOf(join(debian, 'containerd'))}`, containerd(join(debian, 'containerd'), 2, {})),
    new Daemon('containerd current', containerd(current, 3, {})),
    new Daemon('containerd current + igzip', containerd(current, 3, igzip)),
    new Tools(),
  ];
}

function libraries() {
  const found = spawnSync('find', [`${isal}/usr/lib`, '-name', 'libisal.so.2', '-printf', '%h'], { encoding: 'utf8' });
  return found.stdout.trim();
}

function versionOf(file) {
  return /v?(\d+\.\d+\.\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout)?.[1] ?? '';
}
