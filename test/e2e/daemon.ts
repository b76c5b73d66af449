// A daemon of a test's own in the lab: its directories, its configuration, its life and its sudden death.
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CriClient } from './cri-client.ts';
import { lab } from './lab.ts';
import { removeCgroups, unmountBelow } from './leftovers.ts';

const START_TRIES = 2000;

/** The chain of CNI plugins pods get unless a test says otherwise; `leases` is a directory of host-local. */
export function bridgePlugins(leases: string): object[] {
  // Beside the range of the lab's own daemon, on the same bridge.
  const range = { subnet: '10.88.0.0/16', rangeStart: '10.88.64.2', rangeEnd: '10.88.127.254', gateway: '10.88.0.1' };
  const ipam = { type: 'host-local', dataDir: leases, ranges: [[range]], routes: [{ dst: '0.0.0.0/0' }] };
  return [
    { type: 'bridge', bridge: 'crisol0', isGateway: true, ipMasq: true, hairpinMode: true, ipam },
    { type: 'portmap', capabilities: { portMappings: true } },
  ];
}

export class TestDaemon {
  /** Short: sockets are below it. */
  readonly directory = mkdtempSync('/run/e2e.');
  readonly root = mkdtempSync(`${lab('LAB_ROOT')}-e2e.`);
  readonly run = join(this.directory, 'run');
  readonly socket = join(this.directory, 'crisol.sock');
  readonly cgroupParent = `/crisol-${basename(this.directory).replace('.', '-')}`;
  readonly leases = join(this.directory, 'leases');
  readonly confDir = join(this.directory, 'net.d');
  readonly binDir = join(this.directory, 'cni-bin');
  readonly registryDir = join(this.directory, 'certs.d');
  readonly configPath = join(this.directory, 'config.toml');
  readonly logPath = join(this.directory, 'daemon.log');
  readonly client: CriClient;
  #process: ChildProcess | undefined;

  constructor() {
    for (const directory of [this.confDir, this.binDir]) mkdirSync(directory);
    this.writeNetwork(bridgePlugins(this.leases));
    for (const host of ['registry.k8s.io', 'docker.io']) this.writeMirror(host, `http://${lab('LAB_REGISTRY')}`);
    this.writeConfig();
    this.client = new CriClient(this.socket);
  }

  /** Writes config.toml as it is at first. */
  writeConfig(): void {
    writeFileSync(
      this.configPath,
      `version = 1
root = "${this.root}"
run = "${this.run}"
log_level = "debug"
[cri]
socket = "${this.socket}"
default_cgroup_parent = "${this.cgroupParent}"
[images]
registry_dirs = ["${this.registryDir}"]
[network]
conf_dirs = ["${this.confDir}"]
bin_dirs = ["${this.binDir}", "/opt/cni/bin", "/usr/lib/cni"]
`,
    );
  }

  /** Writes a drop-in that changes the configuration of the next start. */
  writeDropIn(text: string): void {
    mkdirSync(`${this.configPath}.d`, { recursive: true });
    writeFileSync(join(`${this.configPath}.d`, '50-test.toml'), text);
  }

  /** Writes the network's configuration, in one step as an installer of plugins would. */
  writeNetwork(plugins: readonly object[]): void {
    const text = JSON.stringify({ cniVersion: '1.0.0', name: 'crisol-e2e', plugins });
    writeFileSync(join(this.confDir, '10-e2e.conflist'), text);
  }

  removeNetwork(): void {
    rmSync(join(this.confDir, '10-e2e.conflist'));
  }

  /** Sends requests for images of `host` to `url`, and nowhere else. */
  writeMirror(host: string, url: string): void {
    mkdirSync(join(this.registryDir, host), { recursive: true });
    writeFileSync(join(this.registryDir, host, 'hosts.toml'), `server = "${url}"\n`);
  }

  /** Starts the daemon and waits until it has recovered and answers. @throws with its log when it ends instead */
  async start(): Promise<void> {
    const child = this.spawn();
    this.#process = child;
    for (let tries = 0; ; tries += 1) {
      const answered = await this.client.call('Version', {}, 1000).then(
        () => true,
        () => false,
      );
      if (answered) return;
      if (child.exitCode !== null || child.signalCode !== null || tries === START_TRIES) {
        throw new RangeError(`the daemon did not start:\n${this.log().slice(-4000)}`);
      }
      await sleep(25);
    }
  }

  /** A process of `crisol serve` on this configuration, without waiting for anything; its output goes to the log. */
  spawn(): ChildProcess {
    // A file and not a pipe: what it starts may outlive it, and must not keep a pipe open.
    const log = openSync(this.logPath, 'a');
    const entry = join(lab('REPO'), 'dist/bundle/main.js');
    const args = [entry, 'serve', '--config', this.configPath];
    const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
    closeSync(log);
    return child;
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Ends it without warning. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Ends it by SIGTERM. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  log(): string {
    return readFileSync(this.logPath, 'utf8');
  }

  /** Runs the real crictl against this daemon. @throws the error of execa when it fails */
  async crictl(...args: readonly string[]): Promise<string> {
    const endpoint = `unix://${this.socket}`;
    const { stdout } = await execa('crictl', ['-r', endpoint, '-i', endpoint, '-t', '60s', ...args]);
    return stdout;
  }

  /** Removes every pod, through the CRI. */
  async removePods(): Promise<void> {
    const { items } = await this.client.call('ListPodSandbox', {});
    await Promise.all(items.map(({ id }) => this.client.call('RemovePodSandbox', { podSandboxId: id })));
  }

  /** Takes away what is the test's: the daemon, its directories, its cgroup. Pods should be gone before. */
  async destroy(): Promise<void> {
    this.client.close();
    await this.stop();
    unmountBelow(this.directory, this.root);
    await removeCgroups(this.cgroupParent);
    for (const directory of [this.directory, this.root]) rmSync(directory, { recursive: true, force: true });
  }
}
