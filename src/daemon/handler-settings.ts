// From a [runtimes.NAME] table to what the preflight proves and what a pod remembers of its handler.
import { join } from 'node:path';
import type { OciHandlerConfig } from '../config/runtime-handler.ts';
import type { Config } from '../config/schema.ts';
import { isAtLeast } from '../host/kernel-release.ts';
import { DEFAULT_PATH } from '../host/run-command.ts';
import type { SeccompSource } from '../oci/seccomp/source.ts';
import type { HandlerSpec, HandlerVerdict } from '../runtime/handler.ts';
import type { HandlerSnapshot } from '../state/handler-snapshot.ts';
import type { Layout } from '../state/layout.ts';

export interface HandlerSettings {
  readonly config: Config;
  readonly layout: Layout;
  readonly systemdCgroup: boolean;
  readonly seccomp: SeccompSource;
}

/** The whole environment of runtimes and monitors. */
export const RUNTIME_ENV = { PATH: process.env['PATH'] ?? DEFAULT_PATH };

const NO_FEATURES = {
  version: '',
  source: 'unknown',
  recursiveReadOnlyMounts: false,
  userNamespaces: false,
  sandboxProcess: false,
} as const;

/** The verdict on a handler of a kind that this version does not drive. */
export function notServed(path: string): HandlerVerdict {
  const reason = 'handlers of kind "shim-v2" are not served by this version of crisol; use kind = "oci"';
  return { state: 'failed', reason, path, monitor: '', features: NO_FEATURES };
}

/** The first kernel that stacks file systems on mapped mounts, which is how a pod's files get their owners. */
const MAPPING_KERNEL = '5.19';

/** A verdict with what this kernel lacks taken from the runtime's features. */
export function onKernel(verdict: HandlerVerdict, release: string): HandlerVerdict {
  const { features } = verdict;
  const userNamespaces = features.userNamespaces && isAtLeast(release, MAPPING_KERNEL);
  return { ...verdict, features: { ...features, userNamespaces } };
}

/** What the preflight proves. */
export function handlerSpec(options: HandlerSettings, name: string, handler: OciHandlerConfig): HandlerSpec {
  const profile = handler.seccompProfile;
  return {
    name,
    path: handler.path,
    args: handler.args,
    monitor: handler.monitor ?? options.config.monitor.conmon,
    systemdCgroup: options.systemdCgroup,
    env: RUNTIME_ENV,
    features: { ...handler.features, sandboxProcess: handler.sandboxProcess },
    preflightTimeoutMs: handler.preflightTimeoutMs,
    ...(profile !== undefined && { prerequisite: () => options.seccomp.ofHandler(profile) }),
  };
}

/** What a pod remembers of its handler. */
export function handlerSnapshot(
  { layout, systemdCgroup }: HandlerSettings,
  name: string,
  handler: Config['runtimes'][string],
  verdict: HandlerVerdict,
): HandlerSnapshot {
  return {
    name,
    kind: 'oci',
    path: verdict.path,
    args: handler.kind === 'oci' ? [...handler.args] : [],
    root: handler.root ?? join(layout.runtimeRoot(name)),
    monitor: verdict.monitor,
    systemdCgroup,
    createTimeoutMs: handler.createTimeoutMs,
    annotations: [...handler.annotations],
    privilegedWithoutHostDevices: handler.privilegedWithoutHostDevices,
    seccompProfile: handler.seccompProfile ?? null,
    containerMinMemoryBytes: handler.containerMinMemoryBytes,
    features: { ...verdict.features },
  };
}
