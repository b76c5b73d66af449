// The JSON files crictl wants: pods and containers as the kubelet describes them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const BUSYBOX = 'registry.k8s.io/e2e-test-images/busybox:1.29-2';
export const SLEEP = ['sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'];
/** What the kubelet always sends: a process namespace per container. */
const OWN_PID = { namespace_options: { pid: 1 } };
const MASKED = ['/proc/acpi', '/proc/kcore', '/proc/keys', '/proc/timer_list', '/sys/firmware'];
const READ_ONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export interface Config {
  readonly [key: string]: unknown;
  readonly linux?: Readonly<Record<string, unknown>>;
}

/** Writes configs into one directory. */
export class Configs {
  readonly #directory: string;
  readonly #cgroupParent: string;

  /** @param cgroupParent below which every pod gets a cgroup of its own, as the kubelet does it */
  constructor(directory: string, cgroupParent: string) {
    this.#directory = directory;
    this.#cgroupParent = cgroupParent;
  }

  pod(name: string, { linux, ...more }: Config = {}): string {
    const { security_context: security, ...rest } = (linux ?? {}) as { security_context?: object };
    return this.write(`${name}.pod`, {
      metadata: { name, uid: `uid-${name}`, namespace: 'differential', attempt: 1 },
      hostname: name,
      log_directory: join(this.#directory, name),
      labels: { 'io.kubernetes.pod.name': name },
      annotations: { note: 'a pod' },
      dns_config: { servers: ['10.96.0.10'], searches: ['svc.cluster.local'], options: ['ndots:5'] },
      linux: {
        cgroup_parent: `${this.#cgroupParent}/pod-${name}`,
        security_context: { ...OWN_PID, ...security },
        ...rest,
      },
      ...more,
    });
  }

  /** The path of a pod's config that was written before. */
  pathOf(pod: string): string {
    return join(this.#directory, `${pod}.pod.json`);
  }

  container(name: string, { linux, ...more }: Config = {}): string {
    const { security_context: security, ...rest } = (linux ?? {}) as { security_context?: object };
    return this.write(`${name}.container`, {
      metadata: { name, attempt: 2 },
      image: { image: BUSYBOX },
      command: SLEEP,
      labels: { 'io.kubernetes.container.name': name },
      annotations: { note: 'a container' },
      log_path: `${name}.log`,
      linux: {
        security_context: { ...OWN_PID, masked_paths: MASKED, readonly_paths: READ_ONLY, ...security },
        ...rest,
      },
      ...more,
    });
  }

  /** Writes any file; returns its path. */
  write(name: string, content: object): string {
    const path = join(this.#directory, `${name}.json`);
    writeFileSync(path, JSON.stringify(content));
    return path;
  }
}
