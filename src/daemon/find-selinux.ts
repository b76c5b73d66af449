// Finds out, once at start, which labels of SELinux pods get.
import {
  isSelinuxLabelKnown,
  SELINUX_PLACES,
  selinuxEnabled,
  selinuxPolicy,
  type SelinuxPlaces,
} from '../host/selinux.ts';
import type { Logger } from '../observe/logger.ts';
import type { SelinuxFacts } from '../oci/selinux.ts';

/**
 * Nothing where pods have no labels: the host has no SELinux, the configuration wants none, or the policy has no labels
 * for containers, which the log says.
 * @param wanted `cri.selinux`
 */
export function findSelinux(
  wanted: boolean | undefined,
  log: Pick<Logger, 'warn'>,
  places: SelinuxPlaces = SELINUX_PLACES,
): SelinuxFacts {
  if (wanted === false || !selinuxEnabled(places)) return {};
  const selinux = selinuxPolicy(places);
  const unknown = [selinux.process, selinux.file].find((label) => isSelinuxLabelKnown(label, places) === false);
  if (unknown === undefined) {
    return { selinux, isSelinuxLabelKnown: (label) => isSelinuxLabelKnown(label, places) };
  }
  log.warn(
    { label: unknown, reason: 'the SELinux policy does not have it: install container-selinux' },
    'containers run without labels of SELinux',
  );
  return {};
}
