// Allots SELinux labels to pods: each gets two categories that no other pod has, so that none can touch another's files.
import { randomInt } from 'node:crypto';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import { levelOf, podLabels, type SelinuxFacts, type SelinuxLabels } from '../oci/selinux.ts';
import type { LiveIndex } from '../state/live-index.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';

/** The categories of every policy: c0 to c1023. */
const CATEGORIES = 1024;

interface PodLabelsOptions {
  readonly host: SelinuxFacts;
  /** The pods, whose records say what is taken: also after a restart, and until a pod is removed. */
  readonly index: Pick<LiveIndex<SandboxRecord>, 'list'>;
  /** A whole number below the argument. */
  readonly random?: (below: number) => number;
}

export class PodLabels {
  readonly #host: SelinuxFacts;
  readonly #index: PodLabelsOptions['index'];
  readonly #random: (below: number) => number;
  /** Levels that were allotted to pods whose record is still being written. */
  readonly #pending = new Set<string>();

  constructor({ host, index, random = (below) => randomInt(below) }: PodLabelsOptions) {
    this.#host = host;
    this.#index = index;
    this.#random = random;
  }

  /**
   * Calls `record` with the labels of a new pod, undefined where there are none; the labels are the pod's from then on
   * if its record is in the index when `record` is done.
   * @throws invalid-argument, failed-precondition for labels that cannot be
   */
  async allot<T>(config: PodSandboxConfig, record: (labels: SelinuxLabels | undefined) => Promise<T>): Promise<T> {
    const options = config.linux?.securityContext?.selinuxOptions ?? null;
    const allotted: string[] = [];
    const newLevel = (): string => {
      const level = this.#freeLevel();
      this.#pending.add(level);
      allotted.push(level);
      return level;
    };
    try {
      return await record(podLabels(this.#host, options, newLevel));
    } finally {
      for (const level of allotted) this.#pending.delete(level);
    }
  }

  #freeLevel(): string {
    const taken = new Set(this.#index.list().map(({ selinux }) => levelOf(selinux?.mount ?? '')));
    for (;;) {
      const [low, high] = [this.#random(CATEGORIES), this.#random(CATEGORIES)].sort((a, b) => a - b);
      const level = `s0:c${low ?? 0},c${high ?? 0}`;
      if (low !== high && !taken.has(level) && !this.#pending.has(level)) return level;
    }
  }
}
