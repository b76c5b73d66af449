// Which request a piece of work belongs to, carried along every await, so that each log line can name it.
import { AsyncLocalStorage } from 'node:async_hooks';

export interface RequestContext {
  readonly requestId: string;
  readonly method: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` as part of a request; what it starts and awaits belongs to the request as well. */
export function inRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The request that is being served here; empty outside of one. */
export function currentRequest(): Partial<RequestContext> {
  return storage.getStore() ?? {};
}
