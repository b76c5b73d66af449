// Pods and containers for tests: configs with the few fields that matter, and the verbs in one line each.
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerConfigInput } from '../../src/gen/runtime/v1/ContainerConfig.ts';
import type { ContainerStatus } from '../../src/gen/runtime/v1/ContainerStatus.ts';
import type { PodSandboxConfig, PodSandboxConfigInput } from '../../src/gen/runtime/v1/PodSandboxConfig.ts';
import type { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';

export class Pods {
  readonly #daemon: TestDaemon;
  readonly logs: string;

  constructor(daemon: TestDaemon) {
    this.#daemon = daemon;
    this.logs = mkdtempSync(join(daemon.directory, 'logs.'));
  }

  config(name: string, more: PodSandboxConfigInput = {}): PodSandboxConfigInput {
    const metadata = { name, namespace: 'e2e', uid: `uid-${name}`, attempt: 0 };
    return { metadata, hostname: name, logDirectory: this.logs, linux: {}, ...more };
  }

  /** The config of a container that runs `script` in a shell. */
  container(name: string, script: string, more: ContainerConfigInput = {}): ContainerConfigInput {
    const command = ['sh', '-c', script];
    return { metadata: { name }, image: { image: IMAGE }, command, logPath: `${name}.log`, linux: {}, ...more };
  }

  /** Runs a pod and returns its id. */
  async run(name: string, more: PodSandboxConfigInput = {}): Promise<string> {
    const reply = await this.#daemon.client.call('RunPodSandbox', { config: this.config(name, more) });
    return reply.podSandboxId;
  }

  /** Creates a container that runs `script`, and returns its id. */
  async create(pod: string, name: string, script: string, more: ContainerConfigInput = {}): Promise<string> {
    const config = this.container(name, script, more);
    const sandboxConfig: Partial<PodSandboxConfig> = { logDirectory: this.logs };
    const reply = await this.#daemon.client.call('CreateContainer', { podSandboxId: pod, config, sandboxConfig });
    return reply.containerId;
  }

  /** Creates and starts a container. */
  async start(pod: string, name: string, script: string, more: ContainerConfigInput = {}): Promise<string> {
    const containerId = await this.create(pod, name, script, more);
    await this.#daemon.client.call('StartContainer', { containerId });
    return containerId;
  }

  async status(containerId: string): Promise<ContainerStatus> {
    const reply = await this.#daemon.client.call('ContainerStatus', { containerId });
    return reply.status!;
  }

  /** Runs a command in a container and returns its output, both streams, trimmed. */
  async exec(containerId: string, ...cmd: string[]): Promise<string> {
    const { stdout, stderr } = await this.#daemon.client.call('ExecSync', { containerId, cmd, timeout: 10 });
    return Buffer.concat([stdout, stderr]).toString().trim();
  }

  /** The messages a container logged, without time and stream. */
  log(name: string, suffix = ''): readonly string[] {
    const text = readFileSync(join(this.logs, `${name}.log${suffix}`), 'utf8');
    return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(' ').slice(3).join(' ')]));
  }
}
