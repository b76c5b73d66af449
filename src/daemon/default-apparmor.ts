// Loads, at start, the AppArmor profile that RuntimeDefault means.
import { apparmorEnabled, loadProfile } from '../host/apparmor.ts';
import type { Logger } from '../observe/logger.ts';
import { DEFAULT_PROFILE, DEFAULT_PROFILE_TEXT } from '../oci/apparmor-profile.ts';

/** @returns the profile's name, or undefined where containers are not confined by AppArmor; the log says why */
export async function loadDefaultApparmor(log: Pick<Logger, 'warn'>): Promise<string | undefined> {
  if (!apparmorEnabled()) return undefined;
  const reason = await loadProfile(DEFAULT_PROFILE_TEXT);
  if (reason === undefined) return DEFAULT_PROFILE;
  log.warn(
    { profile: DEFAULT_PROFILE, reason },
    'containers run without AppArmor: the default profile cannot be loaded',
  );
  return undefined;
}
