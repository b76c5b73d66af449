// The base specs of handlers, kept as they were last proved.
import { loadBaseSpec, type BaseSpec } from './base-spec.ts';

/** A file that is edited counts when its handler is proved again; one that is wrong by then leaves what was kept. */
export class BaseSpecSource {
  readonly #kept = new Map<string, BaseSpec>();

  /** @throws invalid-argument as `loadBaseSpec` */
  async of(path: string): Promise<BaseSpec> {
    return this.#kept.get(path) ?? this.reread(path);
  }

  /** As `of`, from the file. */
  async reread(path: string): Promise<BaseSpec> {
    const base = await loadBaseSpec(path);
    this.#kept.set(path, base);
    return base;
  }
}
