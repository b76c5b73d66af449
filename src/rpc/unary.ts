// Turns an async function into a gRPC handler: readiness, cancellation, logging and the error's status in one place.
import type grpc from '@grpc/grpc-js';
import { errorCode, unavailable } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { inRequest } from '../observe/request-context.ts';
import { abortReason, newRequestId, type RpcContext } from './context.ts';
import { toStatus } from './status.ts';

export interface RpcDeps {
  readonly log: Logger;
  /** False until recovery has finished: every call is then answered `unavailable`. */
  readonly ready: () => boolean;
  /** Told of every call's begin (+1) and end (-1), so that a stop can wait for what is in flight. */
  readonly inFlight: (change: 1 | -1) => void;
}

export type RpcFunction<Request, Reply> = (request: Request, context: RpcContext) => Reply | Promise<Reply>;

const READS = /^(Version|Status|List|.*Status$|.*Stats$|ImageFsInfo|RuntimeConfig)/;

/** The handler grpc-js wants, over a function that returns or throws. */
export function unary<Request, Reply>(
  method: string,
  run: RpcFunction<Request, Reply>,
  deps: RpcDeps,
): grpc.handleUnaryCall<Request, Reply> {
  const quiet = READS.test(method);
  return (call, callback) => {
    const started = performance.now();
    const { log } = deps;
    const requestId = newRequestId();
    const caller = new AbortController();
    const deadline = Number(call.getDeadline());
    let done = false;
    // grpc-js emits 'cancelled' after every normal end as well.
    call.on('cancelled', () => {
      if (!done) caller.abort(abortReason(deadline));
    });
    const serve = () => {
      if (!deps.ready()) throw unavailable('crisol is still recovering its pods; try again');
      return run(call.request, { method, requestId, signal: caller.signal, log });
    };
    const finish = ({ reply, error }: Answer<Reply>) => {
      done = true;
      deps.inFlight(-1);
      const ms = Math.round((performance.now() - started) * 10) / 10;
      if (error === undefined) {
        if (quiet) log.trace({ ms }, 'answered');
        else log.debug({ ms }, 'answered');
        callback(null, reply);
        return;
      }
      logFailure(log, error, ms);
      callback(toStatus(error));
    };
    deps.inFlight(1);
    inRequest({ requestId, method }, () => void answer(serve).then(finish));
  };
}

interface Answer<Reply> {
  readonly reply?: Reply;
  readonly error?: unknown;
}

async function answer<Reply>(run: () => Reply | Promise<Reply>): Promise<Answer<Reply>> {
  try {
    return { reply: await run() };
  } catch (error) {
    return { error: error ?? new TypeError('thrown without a value') };
  }
}

/** Logs a call that failed, as loudly as its error deserves. */
export function logFailure(log: Logger, error: unknown, ms: number): void {
  const code = errorCode(error);
  if (code === 'not-found' || code === 'unavailable') log.debug({ ms, err: error }, 'refused');
  else if (code === 'internal' || code === 'unknown') log.error({ ms, err: error }, 'failed');
  else log.warn({ ms, err: error }, 'failed');
}
