// The AppArmor profile of a container.
import { failedPrecondition, invalidArgument } from '../errors.ts';
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
  /** undefined: unknown, and the runtime finds out. */
  readonly isApparmorProfileLoaded?: (name: string) => boolean | undefined;
}

/**
 * The profile's name, or undefined for none. A container that says nothing gets the default, as with other runtimes. On
 * a host without AppArmor the default is ignored, as a pod could not ask for less; a named profile is refused, because
 * the pod counts on it.
 * @throws invalid-argument, failed-precondition for a profile that is not loaded
 */
export function apparmorProfile(request: AppArmorRequest | null, facts: AppArmorFacts): string | undefined {
  if (request?.privileged === true) return undefined;
  const text = request?.apparmorProfile ?? '';
  const choice = chooseProfile('apparmor', request?.apparmor ?? null, text === '' ? 'runtime/default' : text);
  switch (choice.kind) {
    case 'unconfined':
      return undefined;
    case 'runtime-default':
      return facts.apparmorEnabled ? facts.apparmorDefault : undefined;
    case 'localhost':
      if (!facts.apparmorEnabled) {
        throw invalidArgument(`apparmor profile "${choice.name}" is wanted, but this host has no AppArmor`);
      }
      if (facts.isApparmorProfileLoaded?.(choice.name) === false) {
        throw failedPrecondition(
          `apparmor profile "${choice.name}" is not loaded on this host: load it with apparmor_parser`,
        );
      }
      return choice.name;
  }
}
