// Runtime handlers by name: which driver runs a pod, and whether its handler works.
import { failedPrecondition, DaemonError } from '../errors.ts';
import type { RuntimeDriver } from './driver.ts';
import type { HandlerVerdict } from './handler.ts';

export interface RuntimeHandler {
  readonly name: string;
  readonly driver: RuntimeDriver;
  readonly verdict: HandlerVerdict;
}

export interface RuntimeRegistryOptions {
  readonly handlers: readonly RuntimeHandler[];
  /** Runs pods whose RuntimeClass names none. */
  readonly defaultHandler: string;
}

export class RuntimeRegistry {
  readonly #handlers: ReadonlyMap<string, RuntimeHandler>;
  readonly #defaultHandler: string;

  constructor(options: RuntimeRegistryOptions) {
    this.#handlers = new Map(options.handlers.map((handler) => [handler.name, handler]));
    this.#defaultHandler = options.defaultHandler;
  }

  /**
   * The handler for a new pod; the empty name means the default one.
   * @throws not-found for a name that is not configured; failed-precondition for a handler that failed its preflight
   */
  select(name: string): RuntimeHandler {
    const handler = this.get(name);
    const { verdict } = handler;
    if (verdict.state === 'failed')
      throw failedPrecondition(
        `runtime handler "${handler.name}" does not work: ${verdict.reason}`,
        undefined,
        verdict.cure,
      );
    return handler;
  }

  /** The handler of a pod that exists: one that fails now must still be able to stop and remove it. @throws not-found */
  get(name: string): RuntimeHandler {
    const wanted = name === '' ? this.#defaultHandler : name;
    const handler = this.#handlers.get(wanted);
    if (handler !== undefined) return handler;
    const known = [...this.#handlers.keys()].map((key) => `"${key}"`).join(', ');
    throw new DaemonError('not-found', `runtime handler "${wanted}" is not configured; configured are ${known}`);
  }

  get defaultHandler(): string {
    return this.#defaultHandler;
  }

  /** All handlers in the order of the configuration. */
  list(): RuntimeHandler[] {
    return [...this.#handlers.values()];
  }
}
