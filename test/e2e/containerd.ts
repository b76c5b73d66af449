// Debian's containerd beside the daemon under test, as the measure of what an image should look like.
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lab } from './lab.ts';
import { unmountBelow } from './leftovers.ts';

const START_TRIES = 200;

export class Containerd {
  readonly directory = mkdtempSync('/run/ctd.');
  readonly root = mkdtempSync(`${lab('LAB_ROOT')}-ctd.`);
  readonly #programs = join(lab('REPO'), '.lab/containerd/usr/bin');
  #process: ChildProcess | undefined;

  /** Starts it without its CRI: images and snapshots are all that is asked of it. */
  async start(): Promise<void> {
    const config = join(this.directory, 'config.toml');
    writeFileSync(
      config,
      `version = 2
root = "${this.root}"
state = "${this.directory}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "${this.directory}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
path = "${this.directory}/opt"
`,
    );
    const log = openSync(join(this.directory, 'log'), 'a');
    const child = spawn(join(this.#programs, 'containerd'), ['--config', config], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    for (let tries = 0; ; tries += 1) {
      try {
        await this.ctr('version');
        return;
      } catch (error) {
        if (child.exitCode !== null || tries === START_TRIES) {
          throw new RangeError(`containerd did not start:\n${readFileSync(join(this.directory, 'log'), 'utf8')}`, {
            cause: error,
          });
        }
        await sleep(50);
      }
    }
  }

  async ctr(...args: readonly string[]): Promise<string> {
    const address = ['--address', `${this.directory}/containerd.sock`];
    return (await execa(join(this.#programs, 'ctr'), [...address, ...args], { timeout: 120_000 })).stdout;
  }

  /** Pulls an image over plain HTTP and returns the directory its root file system is mounted on, read-only. */
  async mount(reference: string): Promise<string> {
    await this.ctr('images', 'pull', '--plain-http', reference);
    const target = mkdtempSync(join(this.directory, 'mount.'));
    await this.ctr('images', 'mount', reference, target);
    return target;
  }

  async destroy(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
    }
    unmountBelow(this.directory, this.root);
    for (const directory of [this.directory, this.root]) rmSync(directory, { recursive: true, force: true });
  }
}
