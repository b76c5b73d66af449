// Proves runtime handlers at load, so that a wrong one is known before the first pod.
import { errorMessage, reasonAndCure } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { mergeFeatures, parseFeatures, parseVersion, type MergedFeatures } from './features.ts';
import type { HandlerSpec, HandlerVerdict, OciHandlerSpec } from './handler.ts';
import { locateProgram } from './locate-program.ts';
import { loadPreflightCache, proofKey, savePreflightCache, type PreflightCache } from './preflight-cache.ts';
import { Stages } from './preflight-stages.ts';
import { checkDevices, proveShim } from './shim-v2/preflight.ts';
import { tryRuntime } from './preflight-trial.ts';
import { checkProgramFile } from './program-file.ts';
import { checkProgramKind } from './program-kind.ts';
import { findTraits, hasOwnSandbox } from './traits.ts';

export interface PreflightPlaces {
  /** Volatile directory below which trial containers are made. */
  readonly runDir: string;
  /** Absolute path of the file that keeps proofs between starts; its directory exists. Undefined: keep none, use none. */
  readonly cachePath: string | undefined;
  /** Prove anew, whatever is kept. */
  readonly isFresh?: boolean;
}

/** Proves all handlers side by side. Never rejects because of a handler; the verdicts come in the order of `specs`. */
export async function preflight(
  specs: readonly HandlerSpec[],
  places: PreflightPlaces,
  log: Logger,
): Promise<HandlerVerdict[]> {
  const { cachePath, isFresh = false } = places;
  const known = cachePath === undefined || isFresh ? {} : await loadPreflightCache(cachePath);
  const proofs: PreflightCache = {};
  const verdicts = await Promise.all(specs.map((spec) => prove(spec, places, known, proofs)));
  specs.forEach((spec, index) => report(spec, verdicts[index], log));
  if (cachePath !== undefined && JSON.stringify(known) !== JSON.stringify(proofs)) {
    await savePreflightCache(cachePath, proofs).catch((error: unknown) =>
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
  places: PreflightPlaces,
  known: PreflightCache,
  proofs: PreflightCache,
): Promise<HandlerVerdict> {
  let { path } = spec;
  let monitor = spec.kind === 'shim-v2' ? '' : spec.monitor;
  let found = mergeFeatures('unknown', undefined, spec.features);
  try {
    const searchPath = spec.env['PATH'] ?? '';
    path = locateProgram(spec.path, searchPath);
    checkProgramFile(path);
    if (spec.kind === 'shim-v2') checkDevices(path);
    else {
      monitor = locateProgram(spec.monitor, searchPath);
      checkProgramFile(monitor);
    }
    await spec.prerequisite?.();
    const key = await proofKey(
      spec,
      [path, monitor].filter((file) => file !== ''),
    );
    const proof = known[spec.name];
    found = proof?.key === key ? proof : await ask(spec, path, places);
    const { features, sources } = found;
    proofs[spec.name] = { key, features, sources };
    return { state: 'ready', path, monitor, features, sources };
  } catch (error) {
    const { features, sources } = found;
    return { state: 'failed', ...reasonAndCure(error), path, monitor, features, sources };
  }
}

function ask(spec: HandlerSpec, path: string, { runDir }: PreflightPlaces): Promise<MergedFeatures> {
  return spec.kind === 'shim-v2' ? proveShim(spec, path, runDir) : askOci(spec, path, runDir);
}

/** Asks an OCI runtime what it is and what it can do, and has it make a container. */
async function askOci(spec: OciHandlerSpec, path: string, runDir: string): Promise<MergedFeatures> {
  const stages = new Stages(spec.env, spec.preflightTimeoutMs);
  const said = await stages.run('version', path, ['--version']);
  checkProgramKind(path, 'oci', said);
  stages.checkSuccess('version', said);
  const banner = said.stdout.toString();
  const help = hasOwnSandbox(banner) ? await askForHelp(stages, path) : '';
  const { exitCode, stdout } = await stages.run('features', path, [...spec.args, 'features']);
  const reported = exitCode === 0 ? parseFeatures(stdout.toString()) : undefined;
  const traits = findTraits(banner, help, spec.args);
  const args = [...(traits?.ownArgs ?? []), ...spec.args];
  await tryRuntime({ ...spec, args }, path, runDir, stages);
  return mergeFeatures(parseVersion(banner), reported, spec.features, traits);
}

async function askForHelp(stages: Stages, path: string): Promise<string> {
  const { stdout: verbs } = await stages.run('help', path, ['help']);
  const { stdout, stderr } = await stages.run('flags', path, ['flags']);
  return Buffer.concat([verbs, stdout, stderr]).toString();
}
