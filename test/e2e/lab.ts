// What an end-to-end test has at hand in the lab: crictl, pods, and the daemon's life.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const startTries = 200;

export const IMAGE = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';

/** The lab's variable of this name; these tests run below test/lab/lab.sh only. */
export function lab(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new ReferenceError(`${name} is not set: run "npm run test:e2e"`);
  return value;
}

/** Runs crictl against the lab's daemon and returns its trimmed output. */
export async function crictl(...args: readonly string[]): Promise<string> {
  const { stdout } = await execute('crictl', [...args], { timeout: 60_000, maxBuffer: 1 << 26 });
  return stdout.trim();
}

/** Runs crictl and parses what it prints. */
export async function crictlJson<T>(command: string, ...args: readonly string[]): Promise<T> {
  return JSON.parse(await crictl(command, '-o', 'json', ...args)) as T;
}

/** A directory with the JSON files crictl wants, and the logs of the pods it describes. */
export class PodFiles {
  readonly directory = mkdtempSync(join(tmpdir(), 'crisol-e2e-'));

  /** The path of a pod's config. */
  pod(name: string, more: object = {}): string {
    const metadata = { name, uid: `uid-${name}`, namespace: 'e2e', attempt: 0 };
    return this.#write(`${name}.pod`, { metadata, log_directory: this.directory, linux: {}, ...more });
  }

  /** The path of a container's config; it runs `script` in a shell. */
  container(name: string, script: string, linux: object = {}, more: object = {}): string {
    const command = ['sh', '-c', script];
    const config = {
      metadata: { name, attempt: 0 },
      image: { image: IMAGE },
      command,
      log_path: `${name}.log`,
      linux,
      ...more,
    };
    return this.#write(`${name}.container`, config);
  }

  /** The messages a container logged, without time and stream. */
  log(name: string): readonly string[] {
    const text = readFileSync(join(this.directory, `${name}.log`), 'utf8');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' ').slice(3).join(' '));
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #write(name: string, config: object): string {
    const path = join(this.directory, `${name}.json`);
    writeFileSync(path, JSON.stringify(config));
    return path;
  }
}

/** Ends the daemon without warning. */
export function killDaemon(): void {
  process.kill(daemonPid(), 'SIGKILL');
}

/** Starts the daemon on the lab's configuration, tells the lab about it, and waits until it answers. */
export async function startDaemon(): Promise<void> {
  const log = openSync(lab('LAB_DAEMON_LOG'), 'a');
  const args = [join(lab('REPO'), 'dist/bundle/main.js'), 'serve', '--config', join(lab('LAB_DIR'), 'config.toml')];
  const daemon = spawn(process.execPath, args, { detached: true, stdio: ['ignore', log, log] });
  daemon.unref();
  writeFileSync(join(lab('LAB_DIR'), 'daemon.pid'), String(daemon.pid));
  for (let tries = 0; ; tries += 1) {
    try {
      await crictl('version');
      return;
    } catch (error) {
      if (tries === startTries) throw error;
      await sleep(50);
    }
  }
}

/** The process id of the daemon that serves now. */
export function daemonPid(): number {
  return Number(readFileSync(join(lab('LAB_DIR'), 'daemon.pid'), 'utf8'));
}
