// Which seccomp filter a container or sandbox gets.
import { internal, invalidArgument } from '../../errors.ts';
import type { SecurityProfile } from '../../gen/runtime/v1/SecurityProfile.ts';
import { chooseProfile } from '../security-profile.ts';
import type { ProfileChoice } from '../security-profile.ts';
import type { Seccomp } from '../types.ts';
import { DEFAULT_PROFILE } from './default-profile.ts';
import type { SeccompProfile } from './profile.ts';
import { resolveSeccomp } from './resolve.ts';
import type { SeccompContext } from './resolve.ts';

/** The fields both kinds of security context have. */
export interface SeccompRequest {
  readonly seccomp: SecurityProfile | null;
  readonly seccompProfilePath: string;
  readonly privileged: boolean;
}

/**
 * What the pod asks for; a privileged one gets no filter. `SeccompSource` loads the file it needs for the spec builder.
 * @throws invalid-argument for contradictions and for a Localhost path that is not absolute
 */
export function requestedSeccomp(request: SeccompRequest | null): ProfileChoice {
  if (request === null || request.privileged) return { kind: 'unconfined' };
  const choice = chooseProfile('seccomp', request.seccomp, request.seccompProfilePath);
  if (choice.kind === 'localhost' && !choice.name.startsWith('/')) {
    throw invalidArgument(`seccomp.localhost_ref "${choice.name}" is not an absolute path`);
  }
  return choice;
}

/** @param loaded from `SeccompSource`: the profile of a `localhost` choice, or the handler's own behind RuntimeDefault */
export function seccompFilter(
  choice: ProfileChoice,
  loaded: SeccompProfile | undefined,
  context: SeccompContext,
): Seccomp | undefined {
  switch (choice.kind) {
    case 'unconfined':
      return undefined;
    case 'runtime-default':
      return resolveSeccomp(loaded ?? DEFAULT_PROFILE, context);
    case 'localhost':
      if (loaded === undefined) throw internal(`seccomp profile "${choice.name}" was not loaded`);
      return resolveSeccomp(loaded, context);
  }
}
