// Debian's docker-registry on a free loopback port, from the lab; and skopeo to fill it.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { accessSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

// The tests run from dist/.
const BINARY = resolve(import.meta.dirname, '../../../.lab/bin/docker-registry');
const run = promisify(execFile);

export class DockerRegistry {
  readonly #process: ChildProcess;
  /** `127.0.0.1:PORT` */
  readonly address: string;

  private constructor(process: ChildProcess, address: string) {
    this.#process = process;
    this.address = address;
  }

  /** @param directory for its configuration and data */
  static async start(directory: string): Promise<DockerRegistry> {
    try {
      accessSync(BINARY);
    } catch {
      throw new Error(`${BINARY} is missing: run test/lab/install.sh first`);
    }
    const config = join(directory, 'registry.yml');
    const storage = { filesystem: { rootdirectory: join(directory, 'registry') } };
    // JSON is YAML too.
    writeFileSync(config, JSON.stringify({ version: 0.1, storage, http: { addr: '127.0.0.1:0' } }));
    const child = spawn(BINARY, ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'] });
    return new DockerRegistry(child, await addressOf(child));
  }

  /** Pushes the image of an OCI layout directory. */
  async push(layout: string, name: string, options: readonly string[] = []): Promise<void> {
    const target = `docker://${this.address}/${name}`;
    await run('skopeo', [
      ...['--insecure-policy', 'copy', '--quiet', '--dest-tls-verify=false'],
      ...[...options, `oci:${layout}`, target],
    ]);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((settle) => this.#process.once('exit', settle));
    this.#process.kill();
    await ended;
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((settle, fail) => {
    let text = '';
    const onText = (chunk: Buffer) => {
      text += chunk.toString();
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(text)?.[1];
      if (address !== undefined) settle(address);
    };
    child.stdout?.on('data', onText);
    child.stderr?.on('data', onText);
    child.once('exit', () => fail(new Error(`docker-registry ended: ${text}`)));
    child.once('error', fail);
  });
}
