// Proves runtime handlers at load, so that a wrong one is known before the first pod.
import { errorMessage } from '../errors.ts';

import type { Logger } from '../observe/logger.ts';
import { locateProgram } from './locate-program.ts';
import { mergeFeatures, parseFeatures, parseVersion } from './features.ts';
import type { HandlerSpec, HandlerVerdict } from './handler.ts';
import { loadPreflightCache, proofKey, savePreflightCache, type PreflightCache } from './preflight-cache.ts';
import { Stages } from './preflight-stages.ts';
import { tryRuntime } from './preflight-trial.ts';

export interface PreflightPlaces {
  /** Volatile directory below which trial containers are made. */
  readonly runDir: string;
  /** Absolute path of the file that keeps proofs between starts; its directory exists. */
  readonly cachePath: string;
}

/** Proves all handlers side by side. Never rejects because of a handler; the verdicts come in the order of `specs`. */
export async function preflight(
  specs: readonly HandlerSpec[],
  places: PreflightPlaces,
  log: Logger,
): Promise<HandlerVerdict[]> {
  const known = await loadPreflightCache(places.cachePath);
  const proofs: PreflightCache = {};
  const verdicts = await Promise.all(specs.map((spec) => prove(spec, places.runDir, known, proofs)));
  specs.forEach((spec, index) => report(spec, verdicts[index], log));
  if (JSON.stringify(known) !== JSON.stringify(proofs)) {
    await savePreflightCache(places.cachePath, proofs).catch((error: unknown) =>
      log.warn({ reason: errorMessage(error) }, 'cannot keep the proofs of the runtime handlers'),
    );
  }
  return verdicts;
}

function report(spec: HandlerSpec, verdict: HandlerVerdict | undefined, log: Logger): void {
  if (verdict?.state === 'failed')
    log.error({ handler: spec.name, ...verdict }, 'runtime handler failed its preflight');
  else log.info({ handler: spec.name, ...verdict }, 'runtime handler is ready');
}

async function prove(
  spec: HandlerSpec,
  runDir: string,
  known: PreflightCache,
  proofs: PreflightCache,
): Promise<HandlerVerdict> {
  let { path, monitor } = spec;
  let features = mergeFeatures('unknown', undefined, spec.features);
  try {
    const searchPath = spec.env['PATH'] ?? '';
    path = locateProgram(spec.path, searchPath);
    monitor = locateProgram(spec.monitor, searchPath);
    await spec.prerequisite?.();
    const key = await proofKey(spec, [path, monitor]);
    const proof = known[spec.name];
    if (proof?.key === key) features = proof.features;
    else {
      const stages = new Stages(spec.env, spec.preflightTimeoutMs);
      const version = parseVersion((await stages.expectSuccess('version', path, ['--version'])).stdout.toString());
      const { exitCode, stdout } = await stages.run('features', path, [...spec.args, 'features']);
      features = mergeFeatures(version, exitCode === 0 ? parseFeatures(stdout.toString()) : undefined, spec.features);
      await tryRuntime(spec, path, runDir, stages);
    }
    proofs[spec.name] = { key, features };
    return { state: 'ready', path, monitor, features };
  } catch (error) {
    return { state: 'failed', reason: errorMessage(error), path, monitor, features };
  }
}
