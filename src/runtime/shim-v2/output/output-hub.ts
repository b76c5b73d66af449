// The main thread's side of the output of containers: opens, rotates and closes logs, and lets clients listen.
import type { Worker } from 'node:worker_threads';
import { deferred, type Deferred } from '../../../async/deferred.ts';
import { internal } from '../../../errors.ts';
import { endWorker, startWorker } from '../../../host/worker.ts';
import type { OutputCommand, OutputNews, OutputRequest } from './messages.ts';

/** A client's ear: `take` says whether more may follow for now. */
export interface OutputListener {
  take(packet: Uint8Array): boolean;
  /** No more will come. */
  end(): void;
}

export interface Attachment {
  /** The client can take more again. */
  resume(): void;
  /** May be repeated. */
  detach(): void;
}

/** Some megabytes for code, and little else: output is not kept. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 };

export class OutputHub {
  readonly #known = new Map<string, OutputRequest>();
  readonly #calls = new Map<number, Deferred<unknown>>();
  readonly #listeners = new Map<number, { readonly id: string; readonly listener: OutputListener }>();
  #worker: Worker | undefined;
  #stopping = false;
  #next = 1;

  /** Begins to copy a container's output; FIFOs and log are open on return. May be repeated. */
  async open(request: OutputRequest): Promise<void> {
    if (this.#known.has(request.id)) return;
    this.#known.set(request.id, request);
    await this.#call({ op: 'open', request }).catch((error: unknown) => {
      this.#known.delete(request.id);
      throw error;
    });
  }

  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Goes on in a new log; it exists on return. False when nothing is copied for this container. */
  async reopen(id: string, logPath: string): Promise<boolean> {
    const request = this.#known.get(id);
    if (request === undefined) return false;
    this.#known.set(id, { ...request, logPath });
    return (await this.#call({ op: 'reopen', id, logPath })) === true;
  }

  /** Waits until what an ended container wrote has been copied, at most `ms` milliseconds. */
  async drain(id: string, ms: number): Promise<void> {
    if (this.#known.has(id)) await this.#call({ op: 'drain', id, ms });
  }

  /** Ends the copying; listeners are told. May be repeated. */
  async close(id: string): Promise<void> {
    if (this.#known.delete(id)) await this.#call({ op: 'close', id });
  }

  /** Has `listener` hear what comes from now on; undefined when nothing is copied for this container. */
  async attach(id: string, listener: OutputListener): Promise<Attachment | undefined> {
    if (!this.#known.has(id)) return undefined;
    const client = this.#next++;
    this.#listeners.set(client, { id, listener });
    if ((await this.#call({ op: 'attach', id, client })) !== true) {
      this.#listeners.delete(client);
      return undefined;
    }
    return {
      resume: () => this.#post({ op: 'pause', id, client, paused: false }),
      detach: () => {
        if (this.#listeners.delete(client)) this.#post({ op: 'detach', id, client });
      },
    };
  }

  #call(command: OutputCommand): Promise<unknown> {
    const answer = deferred<unknown>();
    this.#calls.set(this.#next, answer);
    this.#start().postMessage({ call: this.#next++, command });
    return answer.promise;
  }

  #post(command: OutputCommand): void {
    this.#call(command).catch(() => undefined);
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startWorker(new URL('./output-worker.js', import.meta.url), undefined, {
      resourceLimits: LIMITS,
      // Sockets close the descriptors that were opened for them.
      trackUnmanagedFds: false,
    });
    worker.on('message', (news: OutputNews) => this.#hear(news));
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#onExit());
    worker.unref();
    this.#worker = worker;
    return worker;
  }

  #hear(news: OutputNews): void {
    if (news.kind === 'answer') {
      const answer = this.#calls.get(news.call);
      this.#calls.delete(news.call);
      if (news.error === undefined) answer?.resolve(news.value);
      else answer?.reject(internal(news.error));
      return;
    }
    const found = this.#listeners.get(news.client);
    if (found === undefined) return;
    if (news.kind === 'end') {
      this.#listeners.delete(news.client);
      found.listener.end();
    } else if (!found.listener.take(news.packet)) {
      this.#post({ op: 'pause', id: found.id, client: news.client, paused: true });
    }
  }

  // A thread that failed takes nothing with it: the FIFOs are there, and a new one goes on.
  #onExit(): void {
    this.#worker = undefined;
    for (const answer of this.#calls.values()) answer.reject(internal('the thread that copies output has ended'));
    this.#calls.clear();
    for (const { listener } of this.#listeners.values()) listener.end();
    this.#listeners.clear();
    if (this.#stopping) return;
    for (const request of this.#known.values()) this.#post({ op: 'open', request });
  }

  /** Ends the thread; containers run on, their output waits in the FIFOs. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#worker !== undefined) await endWorker(this.#worker);
  }
}
