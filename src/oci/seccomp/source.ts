// Loads the seccomp profiles that specs need: those pods name, and those handlers have behind RuntimeDefault.
import { requestedSeccomp, type SeccompRequest } from './choose.ts';
import { loadSeccompProfile } from './load-profile.ts';
import type { SeccompProfile } from './profile.ts';

/** Keeps handlers' profiles as they were last proved: a file that is edited counts when its handler is proved again. */
export class SeccompSource {
  readonly #kept = new Map<string, SeccompProfile>();

  /** The profile of a handler. @throws invalid-argument that names the file when it cannot be read or is no profile */
  async ofHandler(path: string): Promise<SeccompProfile> {
    return this.#kept.get(path) ?? this.reread(path);
  }

  /** As `ofHandler`, from the file; one that is wrong leaves what was kept. */
  async reread(path: string): Promise<SeccompProfile> {
    const profile = await loadSeccompProfile(path);
    this.#kept.set(path, profile);
    return profile;
  }

  /**
   * What the spec builders want to know of a request; undefined where they need no file.
   * @param handlerProfile path of the handler's profile; null: the built-in one
   * @throws invalid-argument as `requestedSeccomp` and `ofHandler`
   */
  async load(request: SeccompRequest | null, handlerProfile: string | null): Promise<SeccompProfile | undefined> {
    const choice = requestedSeccomp(request);
    if (choice.kind === 'localhost') return loadSeccompProfile(choice.name);
    if (choice.kind === 'unconfined' || handlerProfile === null) return undefined;
    return this.ofHandler(handlerProfile);
  }
}
