// Pod namespaces without a process: pinned by bind mounts, entered only by one long-lived Worker.
import { existsSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { deferred, type Deferred } from '../async/deferred.ts';
import { DaemonError, internal, type ErrorCode } from '../errors.ts';
import { removeMount } from './mounts.ts';
import { pinUserNamespace, setSysctlsAsRoot, type UserNamespaceRequest } from './user-namespace.ts';

export type NamespaceKind = 'net' | 'ipc' | 'uts';

export interface PinRequest {
  readonly op: 'pin';
  /** Directory for the pinned files `net`, `ipc` and `uts`; made when absent. */
  readonly directory: string;
  readonly kinds: readonly NamespaceKind[];
  /** They are pinned there already and are only set up. */
  readonly exist?: boolean;
  /** Set in the new UTS namespace. */
  readonly hostname?: string;
  /** Set inside the new namespaces; dotted names, where a slash stands for a dot inside a component. */
  readonly sysctls: Readonly<Record<string, string>>;
}

/** What a pod needs made. */
export type PodNamespaceRequest = Omit<PinRequest, 'op' | 'exist'> & {
  /** The mappings of a user namespace of the pod's own. */
  readonly user?: Pick<UserNamespaceRequest, 'uids' | 'gids'> | undefined;
};

export type NamespaceRequest =
  | PinRequest
  | { readonly op: 'socket'; readonly netnsPath: string; readonly family: 4 | 6 }
  | { readonly op: 'net-dev'; readonly netnsPath: string };

export interface NamespaceReply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
  /** Comes with `error`; `unknown` when it is the kernel's. */
  readonly code?: ErrorCode;
}

/**
 * Makes, enters and removes pinned namespaces.
 *
 * `start` must be called once, before any other Worker exists. Pinned namespaces outlive the Worker and the daemon.
 */
export class PodNamespaces {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Deferred<unknown>>();
  #next = 1;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: NamespaceReply) => this.#settle(reply));
    worker.on('exit', () => {
      for (const waiter of this.#waiting.values()) waiter.reject(internal('the namespace worker has ended'));
      this.#waiting.clear();
    });
  }

  static async start(): Promise<PodNamespaces> {
    // The thread pool must exist before a thread changes its namespaces: see namespace-worker.ts.
    await stat('/');
    const namespaces = new PodNamespaces(new Worker(new URL('./namespace-worker.js', import.meta.url)));
    const ready = deferred<unknown>();
    namespaces.#waiting.set(0, ready);
    await ready.promise;
    return namespaces;
  }

  #settle(reply: NamespaceReply): void {
    const waiter = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    const { error, code = 'unknown' } = reply;
    if (error === undefined) waiter?.resolve(reply.value);
    else waiter?.reject(new DaemonError(code === 'unknown' ? 'internal' : code, error));
  }

  #ask(request: NamespaceRequest): Promise<unknown> {
    const id = this.#next++;
    const waiter = deferred<unknown>();
    this.#waiting.set(id, waiter);
    this.#worker.postMessage({ id, request });
    return waiter.promise;
  }

  /**
   * Makes new namespaces of the given kinds and pins them at `directory/KIND`, with `lo` up, hostname and sysctls set.
   * With a user namespace they belong to it, and it is pinned at `directory/user`. On failure the caller removes what is there with `unpin`.
   * @throws invalid-argument for a sysctl the kernel refuses
   */
  async pin({ user, ...request }: PodNamespaceRequest): Promise<void> {
    if (user === undefined) {
      await this.#ask({ op: 'pin', ...request });
      return;
    }
    const { directory, kinds } = request;
    await pinUserNamespace({ directory, kinds, ...user });
    const all = Object.entries(request.sysctls);
    const isNet = ([name]: readonly [string, string]) => name.startsWith('net.');
    await this.#ask({ op: 'pin', ...request, sysctls: Object.fromEntries(all.filter(isNet)), exist: true });
    await setSysctlsAsRoot(
      directory,
      all.filter((each) => !isNet(each)),
    );
  }

  /** A TCP socket inside a network namespace: its descriptor, owned by the caller. */
  async podSocket(netnsPath: string, family: 4 | 6): Promise<number> {
    return (await this.#ask({ op: 'socket', netnsPath, family })) as number;
  }

  /** The text of /proc/net/dev inside a network namespace. */
  async readNetDev(netnsPath: string): Promise<string> {
    return (await this.#ask({ op: 'net-dev', netnsPath })) as string;
  }

  /** Removes the pins in `directory` and the directory. May be repeated. */
  unpin(directory: string): void {
    if (!existsSync(directory)) return;
    for (const kind of ['net', 'ipc', 'uts', 'user'] as const) removeMount(`${directory}/${kind}`);
    rmSync(directory, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
