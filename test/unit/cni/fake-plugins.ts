// Plugins for faults that the real ones will not produce: shell scripts in a temporary directory.
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AttachRequest } from '../../../src/cni/attach-request.ts';
import { PodNetwork, type PodNetworkOptions } from '../../../src/cni/pod-network.ts';
import { createLogger } from '../../../src/observe/logger.ts';

const VERSIONS = '{"cniVersion":"1.1.0","supportedVersions":["0.3.1","0.4.0","1.0.0","1.1.0"]}';
const RESULT = {
  cniVersion: '1.0.0',
  interfaces: [{ name: 'veth1' }, { name: 'eth0', sandbox: '/run/netns/a' }],
  ips: [
    { address: '10.9.0.5/24', interface: 1 },
    { address: 'fd00::5/64', interface: 1 },
  ],
};

export const BEHAVIOURS = {
  works: `echo '${JSON.stringify(RESULT)}'`,
  rubbish: 'echo hello',
  refuses: `echo '{"cniVersion":"1.0.0","code":7,"msg":"no more addresses","details":"range is full"}'; exit 1`,
  crashes: 'echo "panic: nil map" >&2; exit 2',
  hangs: '/bin/sleep 300',
};

export interface RecordedCall {
  readonly plugin: string;
  readonly verb: string;
  readonly env: Readonly<Record<string, string>>;
  readonly conf: Readonly<Record<string, unknown>>;
}

/** A temporary directory with conf, bin and cache directories; plugins note each call but VERSION. */
export class FakeNode {
  readonly root: string;
  readonly confDir: string;
  readonly binDir: string;
  readonly cacheDir: string;
  readonly #networks: PodNetwork[] = [];

  private constructor(root: string) {
    this.root = root;
    this.confDir = join(root, 'conf');
    this.binDir = join(root, 'bin');
    this.cacheDir = join(root, 'cache');
  }

  static async make(): Promise<FakeNode> {
    const node = new FakeNode(await mkdtemp(join(tmpdir(), 'crisol-cni-')));
    await mkdir(node.binDir);
    return node;
  }

  /** @param byVerb the script for each verb; `ADD` alone makes the others succeed silently */
  async plugin(name: string, byVerb: Partial<Record<string, string>>, versions = VERSIONS): Promise<void> {
    const cases = Object.entries(byVerb).map(([verb, script]) => `${verb}) ${script ?? ''} ;;`);
    const log = join(this.root, 'calls');
    const script = [
      '#!/bin/sh',
      `[ "$CNI_COMMAND" = VERSION ] && { echo '${versions}'; exit 0; }`,
      `printf '%s\\t%s\\t%s\\t%s\\n' ${name} "$CNI_COMMAND" "$(env | grep ^CNI_ | tr '\\n' ' ')" "$(cat)" >> ${log}`,
      'case "$CNI_COMMAND" in',
      ...cases,
      'esac',
    ].join('\n');
    await writeFile(join(this.binDir, name), script);
    await chmod(join(this.binDir, name), 0o755);
  }

  conf(file: string, conf: unknown): Promise<void> {
    return this.confIn(this.confDir, file, conf);
  }

  async confIn(directory: string, file: string, conf: unknown): Promise<void> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, file), typeof conf === 'string' ? conf : JSON.stringify(conf));
  }

  /** The calls so far, oldest first. */
  async calls(): Promise<RecordedCall[]> {
    const log = join(this.root, 'calls');
    if (!existsSync(log)) return [];
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    return lines.map((line) => {
      const [plugin = '', verb = '', env = '', conf = ''] = line.split('\t');
      const pairs = env
        .trim()
        .split(' ')
        .map((pair) => [pair.split('=', 1)[0] ?? '', pair.replace(/^[^=]*=/, '')]);
      return {
        plugin,
        verb,
        env: Object.fromEntries(pairs) as Record<string, string>,
        conf: JSON.parse(conf) as Record<string, unknown>,
      };
    });
  }

  async verbs(): Promise<string[]> {
    return (await this.calls()).map(({ plugin, verb }) => `${verb} ${plugin}`);
  }

  async network(options: Partial<PodNetworkOptions> = {}, ownDirs: readonly string[] = []): Promise<PodNetwork> {
    const network = new PodNetwork({
      confDirs: [this.confDir],
      binDirs: [join(this.root, 'elsewhere'), this.binDir],
      cacheDir: this.cacheDir,
      pluginTimeoutMs: 10_000,
      log: createLogger('fatal'),
      ...options,
    });
    this.#networks.push(network);
    await network.start(ownDirs);
    return network;
  }

  async remove(): Promise<void> {
    this.#networks.forEach((network) => network.stop());
    await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

export function attachRequest(more: Partial<AttachRequest> = {}): AttachRequest {
  return {
    sandboxId: 'abc',
    netnsPath: '/run/netns/a',
    podName: 'web',
    podNamespace: 'default',
    podUid: 'u-1',
    portMappings: [],
    annotations: {},
    ...more,
  };
}

export function confList(plugins: readonly (string | object)[], more: object = {}): object {
  const list = plugins.map((plugin) => (typeof plugin === 'string' ? { type: plugin } : plugin));
  return { cniVersion: '1.0.0', name: 'pods', plugins: list, ...more };
}

/** Waits until `probe` holds, for 5 s at most. */
export async function eventually(probe: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new RangeError('did not happen within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
