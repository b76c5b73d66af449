// The AppArmor profile of a container.
import { invalidArgument } from '../errors.ts';
import type { SecurityProfile } from '../gen/runtime/v1/SecurityProfile.ts';
import { chooseProfile } from './security-profile.ts';

interface AppArmorRequest {
  readonly apparmor: SecurityProfile | null;
  readonly apparmorProfile: string;
  readonly privileged: boolean;
}

interface AppArmorFacts {
  readonly apparmorEnabled: boolean;
  /** A loaded profile that RuntimeDefault means; undefined: RuntimeDefault confines nothing. */
  readonly apparmorDefault?: string | undefined;
}

/**
 * The profile's name, or undefined for none. On a host without AppArmor the default is ignored, as a pod could not ask
 * for less; a named profile is refused, because the pod counts on it.
 * @throws invalid-argument
 */
export function apparmorProfile(request: AppArmorRequest | null, facts: AppArmorFacts): string | undefined {
  if (request === null || request.privileged) return undefined;
  const choice = chooseProfile('apparmor', request.apparmor, request.apparmorProfile);
  switch (choice.kind) {
    case 'unconfined':
      return undefined;
    case 'runtime-default':
      return facts.apparmorEnabled ? facts.apparmorDefault : undefined;
    case 'localhost':
      if (!facts.apparmorEnabled) {
        throw invalidArgument(`apparmor profile "${choice.name}" is wanted, but this host has no AppArmor`);
      }
      return choice.name;
  }
}
