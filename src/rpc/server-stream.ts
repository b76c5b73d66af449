// Turns an async generator into a gRPC streaming handler: readiness, back-pressure, cancellation, logging and the
// error's status in one place.
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import { errorCode, unavailable } from '../errors.ts';
import { inRequest } from '../observe/request-context.ts';
import { abortReason, newRequestId, type RpcContext } from './context.ts';
import { toStatus } from './status.ts';
import { logFailure, type RpcDeps } from './unary.ts';

/** Yields the messages of a stream. One that waits must end when `context.signal` aborts. */
export type StreamFunction<Request, Item> = (request: Request, context: RpcContext) => AsyncIterable<Item>;

export interface StreamOptions {
  /** The stream ends only with its caller, so a stop of the daemon does not wait for it. */
  readonly endless: boolean;
}

/**
 * The handler grpc-js wants, over a generator that yields, returns or throws. The next message is asked for only when
 * the connection has taken the former ones.
 */
export function serverStream<Request, Item>(
  method: string,
  run: StreamFunction<Request, Item>,
  deps: RpcDeps,
  { endless }: StreamOptions = { endless: false },
): grpc.handleServerStreamingCall<Request, Item> {
  return (call) => {
    const started = performance.now();
    const { log } = deps;
    const requestId = newRequestId();
    const caller = new AbortController();
    const deadline = Number(call.getDeadline());
    call.on('cancelled', () => caller.abort(abortReason(deadline)));
    const serve = async () => {
      if (!deps.ready()) throw unavailable('crisol is still recovering its pods; try again');
      for await (const item of run(call.request, { method, requestId, signal: caller.signal, log })) {
        if (caller.signal.aborted) break;
        if (!call.write(item)) await drained(call, caller.signal);
      }
    };
    const finish = (error?: unknown) => {
      if (!endless) deps.inFlight(-1);
      const ms = Math.round((performance.now() - started) * 10) / 10;
      if (caller.signal.aborted) {
        log.debug({ ms, reason: errorCode(caller.signal.reason) }, 'the caller has gone');
      } else if (error === undefined) {
        log.trace({ ms }, 'answered');
        call.end();
      } else {
        logFailure(log, error, ms);
        call.emit('error', toStatus(error));
      }
    };
    if (!endless) deps.inFlight(1);
    inRequest({ requestId, method }, () => {
      serve().then(
        () => finish(),
        (error: unknown) => finish(error ?? new TypeError('thrown without a value')),
      );
      // Tells the caller that it will miss nothing from here on, long before there is a message.
      if (endless) call.sendMetadata(new grpc.Metadata());
    });
  };
}

async function drained(call: NodeJS.EventEmitter, signal: AbortSignal): Promise<void> {
  await once(call, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
