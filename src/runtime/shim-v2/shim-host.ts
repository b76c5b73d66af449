// What the drivers of all shim handlers share, made when the first of them is: the protocol and the events' endpoint.
import { join } from 'node:path';
import type { OrphanReaper } from '../../host/orphans.ts';
import type { Logger } from '../../observe/logger.ts';
import type { RuntimeFeatures } from '../driver.ts';
import { ShimDriver } from './driver.ts';
import { ShimEvents } from './events.ts';
import type { Shim } from './options.ts';
import { Protocol } from './protocol.ts';

export interface ShimHostOptions {
  /** The daemon's volatile directory; short enough for the path of a socket. */
  readonly runDir: string;
  /** Holds the bundles, each named by its container. */
  readonly bundles: string;
  readonly orphans: Pick<OrphanReaper, 'adopt'>;
  readonly log: Pick<Logger, 'warn'>;
}

interface Shared {
  readonly protocol: Protocol;
  readonly events: ShimEvents;
}

export class ShimHost {
  readonly #options: ShimHostOptions;
  readonly #drivers: ShimDriver[] = [];
  #shared: Shared | undefined;

  constructor(options: ShimHostOptions) {
    this.#options = options;
  }

  /** A driver for one shim; it is closed with the host, or before. */
  driver(shim: Shim, features: RuntimeFeatures, logSizeMax?: number): ShimDriver {
    const { orphans, log } = this.#options;
    const { protocol, events } = (this.#shared ??= this.#share());
    const size = logSizeMax === undefined ? {} : { logSizeMax };
    const driver = new ShimDriver({ shim, features, protocol, events, orphans, log, ...size });
    this.#drivers.push(driver);
    return driver;
  }

  #share(): Shared {
    const { runDir, bundles } = this.#options;
    const protocol = new Protocol();
    return { protocol, events: new ShimEvents({ protocol, path: join(runDir, 'shim-events.sock'), bundles }) };
  }

  /** Ends connections, threads and the endpoint; shims and their tasks run on. */
  async close(): Promise<void> {
    this.#shared?.events.close();
    await Promise.all(this.#drivers.map((driver) => driver.close()));
  }
}
