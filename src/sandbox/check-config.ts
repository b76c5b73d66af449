// What a PodSandboxConfig must fulfil before anything is made for it.
import { invalidArgument } from '../errors.ts';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import { userMappings } from '../state/user-namespaces.ts';

const MAX_HOSTNAME_BYTES = 64;

/** @throws invalid-argument naming the field @see CRI PodSandboxConfig */
export function checkSandboxConfig(config: PodSandboxConfig): void {
  const { metadata } = config;
  if (metadata === null) throw invalidArgument('the pod sandbox config has no metadata');
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if (metadata[field] === '') throw invalidArgument(`the pod sandbox metadata has no ${field}`);
  }
  if (Buffer.byteLength(config.hostname) > MAX_HOSTNAME_BYTES) {
    throw invalidArgument(`hostname "${config.hostname}" is longer than ${MAX_HOSTNAME_BYTES} bytes`);
  }
  if (config.logDirectory !== '' && !config.logDirectory.startsWith('/')) {
    throw invalidArgument(`log_directory "${config.logDirectory}" is not an absolute path`);
  }
  checkSecurity(config);
}

function checkSecurity(config: PodSandboxConfig): void {
  const context = config.linux?.securityContext;
  if (context === null || context === undefined) return;
  if (context.runAsGroup !== null && context.runAsUser === null) {
    throw invalidArgument('run_as_group is set without run_as_user in the pod sandbox security context');
  }
  userMappings(config);
}
