// From a [runtimes.NAME] table to what the preflight proves and what a pod remembers of its handler.
import { join } from 'node:path';
import type { RuntimeHandlerConfig } from '../config/runtime-handler.ts';
import type { Config } from '../config/schema.ts';
import { isAtLeast } from '../host/kernel-release.ts';
import { DEFAULT_PATH } from '../host/run-command.ts';
import type { BaseSpecSource } from '../oci/base-spec-source.ts';
import type { SeccompSource } from '../oci/seccomp/source.ts';
import type { HandlerSpec, HandlerVerdict } from '../runtime/handler.ts';
import type { HandlerSnapshot } from '../state/handler-snapshot.ts';
import type { Layout } from '../state/layout.ts';

export interface HandlerSettings {
  readonly config: Config;
  readonly layout: Layout;
  readonly systemdCgroup: boolean;
  readonly seccomp: SeccompSource;
  readonly baseSpecs: BaseSpecSource;
}

/** The whole environment of runtimes and monitors. */
export const RUNTIME_ENV = { PATH: process.env['PATH'] ?? DEFAULT_PATH };

/** The first kernel that stacks file systems on mapped mounts, which is how a pod's files get their owners. */
const MAPPING_KERNEL = '5.19';

/** A verdict with what this kernel lacks taken from the runtime's features. */
export function onKernel(verdict: HandlerVerdict, release: string): HandlerVerdict {
  const { features } = verdict;
  const userNamespaces = features.userNamespaces && isAtLeast(release, MAPPING_KERNEL);
  return { ...verdict, features: { ...features, userNamespaces } };
}

/** What the preflight proves. */
export function handlerSpec(options: HandlerSettings, name: string, handler: RuntimeHandlerConfig): HandlerSpec {
  const shared = {
    name,
    path: handler.path,
    systemdCgroup: options.systemdCgroup,
    env: RUNTIME_ENV,
    features: { ...handler.features, sandboxProcess: handler.sandboxProcess },
    preflightTimeoutMs: handler.preflightTimeoutMs,
    prerequisite: () => readFiles(options, handler),
  };
  if (handler.kind === 'shim-v2')
    return { ...shared, kind: 'shim-v2', binary: handler.binary, configPath: handler.configPath };
  return { ...shared, args: handler.args, monitor: handler.monitor ?? options.config.monitor.conmon };
}

/** Reads the files that the handler's containers need. @throws with the name of one that is wrong */
async function readFiles({ seccomp, baseSpecs }: HandlerSettings, handler: RuntimeHandlerConfig): Promise<void> {
  if (handler.seccompProfile !== undefined) await seccomp.reread(handler.seccompProfile);
  if (handler.baseSpec !== undefined) await baseSpecs.reread(handler.baseSpec);
}

/** What a pod remembers of its handler. */
export function handlerSnapshot(
  { layout, systemdCgroup }: HandlerSettings,
  name: string,
  handler: RuntimeHandlerConfig,
  verdict: HandlerVerdict,
): HandlerSnapshot {
  const shared = {
    name,
    path: verdict.path,
    root: handler.root ?? join(layout.runtimeRoot(name)),
    systemdCgroup,
    createTimeoutMs: handler.createTimeoutMs,
    annotations: [...handler.annotations],
    privilegedWithoutHostDevices: handler.privilegedWithoutHostDevices,
    seccompProfile: handler.seccompProfile ?? null,
    baseSpec: handler.baseSpec ?? null,
    cniConfDir: handler.cniConfDir ?? null,
    containerMinMemoryBytes: handler.containerMinMemoryBytes,
    features: { ...verdict.features },
  };
  if (handler.kind === 'shim-v2')
    return { ...shared, kind: 'shim-v2', binary: handler.binary ?? null, configPath: handler.configPath ?? null };
  return { ...shared, kind: 'oci', args: [...handler.args], monitor: verdict.monitor };
}
