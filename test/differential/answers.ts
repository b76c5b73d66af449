// What one daemon answered, step by step, and how the answers are gathered.
import { crictl, type Ended } from './crictl.ts';
import { normalise } from './normalise.ts';

/** By the name of the step. */
export type Answers = Record<string, unknown>;

/** Gathers answers in their comparable form. */
export class Recorder {
  readonly answers: Answers = {};
  readonly #names: [string, string][];

  /** @param places directories of this run, and what they are called in the answers */
  constructor(places: readonly (readonly [string, string])[]) {
    this.#names = places.map(([path, name]) => [path, name]);
  }

  /** Whatever contains `id`, whole or as the short form that tables show, says `<name>` from now on. */
  call(id: string, name: string): void {
    this.#names.push([id, `<${name}>`], [id.slice(0, 13), `<${name}>`]);
  }

  /** Runs crictl and keeps exit code, gRPC code and, parsed, what it printed as JSON. */
  async json(
    step: string,
    args: readonly string[],
    pick: (answer: never) => unknown = (answer) => answer,
  ): Promise<void> {
    const ended = await crictl(args);
    this.keep(step, {
      ...codes(ended),
      ...(ended.exit === 0 ? { answer: pick(JSON.parse(ended.stdout) as never) } : {}),
    });
  }

  /** Runs crictl and keeps exit code, gRPC code and what it printed. */
  async text(step: string, args: readonly string[]): Promise<void> {
    const ended = await crictl(args);
    this.keep(step, { ...codes(ended), lines: ended.stdout.split('\n') });
  }

  /** Runs crictl and keeps only how it ended. */
  async codes(step: string, args: readonly string[]): Promise<void> {
    this.keep(step, codes(await crictl(args)));
  }

  keep(step: string, answer: unknown): void {
    const names = new Map(this.#names.toSorted(([a], [b]) => b.length - a.length));
    this.answers[step] = normalise(answer, names);
  }
}

function codes({ exit, code }: Ended): object {
  return { exit, code: code ?? 'none' };
}
