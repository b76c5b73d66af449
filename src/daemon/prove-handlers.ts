// Proves the handlers of a configuration: at start, when it is loaded again, and for `crisol handlers --check`.
import { release } from 'node:os';
import type { RuntimeHandlerConfig } from '../config/runtime-handler.ts';
import type { Logger } from '../observe/logger.ts';
import type { HandlerVerdict } from '../runtime/handler.ts';
import { preflight, type PreflightPlaces } from '../runtime/preflight.ts';
import { handlerSpec, onKernel, type HandlerSettings } from './handler-settings.ts';

export interface ProvedHandler {
  readonly name: string;
  readonly handler: RuntimeHandlerConfig;
  readonly verdict: HandlerVerdict;
}

/** Proves every configured handler, side by side; the verdicts come in the order of the configuration. */
export async function proveHandlers(
  settings: HandlerSettings,
  places: PreflightPlaces,
  log: Logger,
): Promise<ProvedHandler[]> {
  const handlers = Object.entries(settings.config.runtimes);
  const verdicts = await preflight(
    handlers.map(([name, handler]) => handlerSpec(settings, name, handler)),
    places,
    log,
  );
  return handlers.flatMap(([name, handler], index) => {
    const verdict = verdicts[index];
    return verdict === undefined ? [] : [{ name, handler, verdict: onKernel(verdict, release()) }];
  });
}
