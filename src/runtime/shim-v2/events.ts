// The endpoint that shims call with events; of those, the kills for lack of memory are not told in any other way.
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DaemonError } from '../../errors.ts';
import type { ForwardRequest } from '../../gen/containerd/services/events/ttrpc/v1/ForwardRequest.ts';
import type { TaskOOM } from '../../gen/containerd/events/TaskOOM.ts';
import { sleep } from '../../async/timeout.ts';
import type { Protocol } from './protocol.ts';
import { shimFiles } from './shim-files.ts';
import { TtrpcServer } from './ttrpc/server.ts';

const SERVICE = 'containerd.services.events.ttrpc.v1.Events';
const OOM = 'containerd.events.TaskOOM';
const POLL_MS = 10;

export interface ShimEventsOptions {
  readonly protocol: Protocol;
  /** Absolute path of the socket; the same at each start of the daemon, for shims remember it. */
  readonly path: string;
  /** Holds the bundles, each named by its task. */
  readonly bundles: string;
}

export class ShimEvents {
  readonly #options: ShimEventsOptions;
  #server: TtrpcServer | undefined;

  constructor(options: ShimEventsOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** Begins to listen. May be repeated. */
  async listen(): Promise<void> {
    const { protocol, path } = this.#options;
    this.#server ??= await TtrpcServer.listen(protocol, path, (service, method, payload) =>
      Promise.resolve(this.#handle(service, method, payload)),
    );
  }

  #handle(service: string, method: string, payload: Buffer): Uint8Array {
    if (service !== SERVICE || method !== 'Forward')
      throw new DaemonError('unimplemented', `${service}/${method} is not served here`);
    const { protocol, bundles } = this.#options;
    const { request } = protocol.method(SERVICE, 'Forward');
    const event = protocol.decode<ForwardRequest>(request, payload).envelope?.event;
    if (event?.type_url.split('/').at(-1) === OOM) {
      const { containerId } = protocol.decode<TaskOOM>(OOM, event.value);
      // A foreign name must not lead out of the directory.
      const bundle = join(bundles, basename(containerId));
      if (existsSync(bundle)) writeFileSync(shimFiles(bundle).oom, '');
    }
    return Buffer.alloc(0);
  }

  /**
   * Whether the kernel killed a process of the task for lack of memory. The event may come a moment after the exit.
   * @param bundle the task's
   * @param ms how long to wait for it
   */
  async oomKilled(bundle: string, ms: number): Promise<boolean> {
    for (const end = Date.now() + ms; ;) {
      if (existsSync(shimFiles(bundle).oom)) return true;
      if (Date.now() >= end || dirname(bundle) !== this.#options.bundles) return false;
      await sleep(POLL_MS);
    }
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
  }
}
