// One way to say which security profile a container wants: the CRI has a message for it and, older, a string.
import { invalidArgument } from '../errors.ts';
import type { SecurityProfile } from '../gen/runtime/v1/SecurityProfile.ts';

export type ProfileChoice =
  | { readonly kind: 'unconfined' }
  | { readonly kind: 'runtime-default' }
  /** `name`: an absolute path for seccomp, the name of a loaded profile for AppArmor. */
  | { readonly kind: 'localhost'; readonly name: string };

/**
 * The message wins over the string; neither means unconfined.
 * @param field the CRI's name of the message, for errors
 * @throws invalid-argument for a reference without Localhost, Localhost without one, and an unknown string
 */
export function chooseProfile(field: string, profile: SecurityProfile | null, deprecated: string): ProfileChoice {
  if (profile === null) return fromString(field, deprecated);
  const { profileType, localhostRef } = profile;
  if (profileType === 'Localhost') return localhost(field, localhostRef);
  if (localhostRef !== '') {
    throw invalidArgument(`${field}.localhost_ref "${localhostRef}" is set, but the profile type is ${profileType}`);
  }
  return { kind: profileType === 'RuntimeDefault' ? 'runtime-default' : 'unconfined' };
}

function fromString(field: string, text: string): ProfileChoice {
  if (text === '' || text === 'unconfined') return { kind: 'unconfined' };
  if (text === 'runtime/default' || text === 'docker/default') return { kind: 'runtime-default' };
  if (text.startsWith('localhost/')) return localhost(field, text);
  throw invalidArgument(`${field} profile "${text}" is none of runtime/default, unconfined, localhost/...`);
}

function localhost(field: string, reference: string): ProfileChoice {
  const name = reference.replace(/^localhost\//, '');
  if (name === '') throw invalidArgument(`${field} profile type is Localhost, but localhost_ref is empty`);
  return { kind: 'localhost', name };
}
