// The life of a benchmark pod: one container that ends as soon as it is told to.
import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const image = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';
/** Marks the workload's processes, so that they are not counted as the runtime's memory. */
export const workloadMark = 'crisol-bench-workload';
/** A process namespace per container, as the kubelet asks for; the CRI's own default is one per pod. */
export const linux = { securityContext: { namespaceOptions: { pid: 'CONTAINER' } } };
const script = `: ${workloadMark}; trap 'exit 0' TERM; sleep 86399 & wait`;

export class Pods {
  #rpc;
  #handler;
  #logs = mkdtempSync(join(tmpdir(), 'crisol-bench-'));
  logDirectory = this.#logs;

  constructor({ rpc, handler }) {
    this.#rpc = rpc;
    this.#handler = handler;
  }

  /** Returns the pod with the milliseconds each step took. */
  async start() {
    const name = `bench-${randomUUID()}`;
    const config = {
      metadata: { name, uid: name, namespace: 'bench', attempt: 0 },
      logDirectory: this.#logs,
      linux,
    };
    const started = performance.now();
    const { podSandboxId } = await this.#rpc.RunPodSandbox({ config, runtimeHandler: this.#handler });
    const sandboxed = performance.now();
    const { containerId } = await this.#rpc.CreateContainer({
      podSandboxId,
      sandboxConfig: config,
      config: {
        metadata: { name: 'main', attempt: 0 },
        image: { image },
        command: ['sh', '-c', script],
        logPath: `${name}.log`,
        linux,
      },
    });
    const created = performance.now();
    await this.#rpc.StartContainer({ containerId });
    const ready = performance.now();
    const times = { sandbox: sandboxed - started, create: created - sandboxed, start: ready - created };
    return { podSandboxId, containerId, times: { ...times, ready: ready - started } };
  }

  /** Returns the milliseconds until nothing is left of the pod. */
  async remove({ podSandboxId, containerId }) {
    const started = performance.now();
    await this.#rpc.StopContainer({ containerId, timeout: 5 });
    await this.#rpc.StopPodSandbox({ podSandboxId });
    await this.#rpc.RemovePodSandbox({ podSandboxId });
    return performance.now() - started;
  }
}
