// The runtime handlers: proved at load, picked by name for new pods, and kept for the pods that were made with them.
import { KeyedQueue } from '../async/keyed-queue.ts';
import { withLiveKeys } from '../config/changes.ts';
import type { Config } from '../config/schema.ts';
import type { HandlerReport } from '../cri/deps.ts';
import type { RuntimeDriver } from '../runtime/driver.ts';
import { ProgramWatch } from '../runtime/program-watch.ts';
import { RuntimeRegistry } from '../runtime/registry.ts';
import { unmountIdleRoot } from '../runtime/runtime-root.ts';
import type { HandlerSnapshot } from '../state/handler-snapshot.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { handlerReport } from './handler-report.ts';
import { handlerSnapshot, RUNTIME_ENV, type HandlerSettings } from './handler-settings.ts';
import { openDriver, type DriverOptions } from './open-driver.ts';
import { proveHandlers, type ProvedHandler } from './prove-handlers.ts';

export type HandlersOptions = HandlerSettings & DriverOptions;

/** What is known of the handlers at one moment; replaced as a whole. */
interface Known {
  readonly config: Config;
  readonly proved: readonly ProvedHandler[];
  readonly snapshots: ReadonlyMap<string, HandlerSnapshot>;
  readonly registry: RuntimeRegistry;
}

export class Handlers {
  readonly #options: HandlersOptions;
  readonly #drivers = new Map<string, RuntimeDriver>();
  readonly #programs = new ProgramWatch(RUNTIME_ENV.PATH);
  /** Proofs go one after another: they share the places of their trials. */
  readonly #proofs = new KeyedQueue();
  #known: Known;
  readonly #roots = new Set<string>();

  /** Proves every configured handler, side by side. One that fails is reported and refused; the rest serve on. */
  static async prove(options: HandlersOptions): Promise<Handlers> {
    const { layout, log } = options;
    const places = { runDir: layout.run, cachePath: layout.preflightCache };
    return new Handlers(options, await proveHandlers(options, places, log));
  }

  private constructor(options: HandlersOptions, proved: readonly ProvedHandler[]) {
    this.#options = options;
    this.#known = this.#learn(options.config, proved);
    this.#programs.remember(proved);
  }

  /** The configuration that the handlers follow now. */
  get config(): Config {
    return this.#known.config;
  }

  /**
   * Proves the handlers of another configuration anew, and then follows it in one step.
   *
   * Pods keep the handler they were made with, also when it is gone from the configuration.
   */
  async follow(next: Config): Promise<void> {
    await this.#proofs.run('', async () => {
      const config = withLiveKeys(this.config, next);
      const { layout, log } = this.#options;
      const places = { runDir: layout.run, cachePath: layout.preflightCache, isFresh: true };
      const proved = await proveHandlers({ ...this.#options, config }, places, log);
      this.#known = this.#learn(config, proved);
      this.#programs.remember(proved);
    });
  }

  /**
   * Looks at the handler's programs before it answers, which takes microseconds: one that has gone is refused, and one
   * that failed before and has other programs now is proved again in the background.
   * @throws not-found for an unknown handler, failed-precondition for one that does not work, with the reason
   */
  resolve(name: string): { readonly snapshot: HandlerSnapshot; readonly driver: RuntimeDriver } {
    const handler = this.#known.registry.get(name);
    if (handler.verdict.state === 'ready') this.#checkPrograms(handler.name);
    else if (this.#programs.haveChanged(handler.name)) this.#proveAgain(handler.name);
    const { driver } = this.#known.registry.select(name);
    const snapshot = this.#known.snapshots.get(handler.name);
    if (snapshot === undefined) throw new ReferenceError(`no snapshot of handler "${handler.name}"`);
    return { snapshot, driver };
  }

  /** The driver a sandbox was made with, whatever the configuration says now. */
  driverOf(sandbox: SandboxRecord): RuntimeDriver {
    return this.#driver(sandbox.handler);
  }

  /** Every driver in use: those configured and those of older sandboxes. */
  drivers(): readonly RuntimeDriver[] {
    return [...this.#drivers.values()];
  }

  /** Every handler in the order of the configuration. */
  reports(): HandlerReport[] {
    const { proved, config } = this.#known;
    return proved.map((handler) => handlerReport(handler, config.cri.defaultRuntime));
  }

  /** A runtime may be uninstalled while the daemon lives: the next pod must not find out step by step. */
  #checkPrograms(name: string): void {
    const fault = this.#programs.missing(name);
    if (fault === undefined) return;
    this.#options.log.error({ handler: name, ...fault }, 'runtime handler does not work any more');
    this.#replace(name, (one) => ({ ...one, verdict: { ...one.verdict, state: 'failed', ...fault } }));
  }

  #proveAgain(name: string): void {
    const { layout, log } = this.#options;
    void this.#proofs
      .run('', async () => {
        // Another refusal may have asked for the same.
        const handler = this.config.runtimes[name];
        if (handler === undefined || !this.#programs.haveChanged(name)) return;
        const config = { ...this.config, runtimes: { [name]: handler } };
        const places = { runDir: layout.run, cachePath: undefined };
        const [again] = await proveHandlers({ ...this.#options, config }, places, log);
        if (again !== undefined) this.#replace(name, () => again);
      })
      .catch((error: unknown) => log.error({ handler: name, err: error }, 'cannot prove a runtime handler again'));
  }

  #replace(name: string, change: (handler: ProvedHandler) => ProvedHandler): void {
    const { config, proved } = this.#known;
    const next = proved.map((one) => (one.name === name ? change(one) : one));
    this.#known = this.#learn(config, next);
    this.#programs.remember(next.filter((one) => one.name === name));
  }

  #learn(config: Config, proved: readonly ProvedHandler[]): Known {
    const settings = { ...this.#options, config };
    const snapshots = proved.map(({ name, handler, verdict }) => handlerSnapshot(settings, name, handler, verdict));
    const handlers = proved.flatMap(({ name, verdict }, index) => {
      const snapshot = snapshots[index];
      return snapshot === undefined ? [] : [{ name, verdict, driver: this.#driver(snapshot) }];
    });
    return {
      config,
      proved,
      snapshots: new Map(snapshots.map((snapshot) => [snapshot.name, snapshot])),
      registry: new RuntimeRegistry({ handlers, defaultHandler: config.cri.defaultRuntime }),
    };
  }

  /** Lets go of what runtimes keep for containers to come, where there are none; containers run on. */
  async close(): Promise<void> {
    await Promise.all([...this.#roots].map(unmountIdleRoot));
  }

  #driver(snapshot: HandlerSnapshot): RuntimeDriver {
    const key = JSON.stringify(snapshot);
    const known = this.#drivers.get(key);
    if (known !== undefined) return known;
    const driver = openDriver(this.#options, snapshot);
    this.#drivers.set(key, driver);
    this.#roots.add(snapshot.root);
    return driver;
  }
}
