// The CNI versions crisol speaks, and which verb or field came with which.

/** Oldest first. Results of these versions have the same shape, so nothing is ever translated. */
export const CNI_VERSIONS: readonly string[] = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'];

/** Whether `version` is one we speak and not older than `least`. */
export function isAtLeast(version: string, least: string): boolean {
  return CNI_VERSIONS.indexOf(version) >= CNI_VERSIONS.indexOf(least);
}

/** The newest version in `offered` that we speak, if any. */
export function newestVersion(offered: readonly string[]): string | undefined {
  return CNI_VERSIONS.findLast((version) => offered.includes(version));
}
