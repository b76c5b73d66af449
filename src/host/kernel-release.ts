// Kernel releases compared.

/** Whether a release as uname prints it, such as `6.1.0-9-amd64`, is not older than a version such as `5.19`. */
export function isAtLeast(release: string, minimum: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  return major > minMajor || (major === minMajor && minor >= minMinor);
}
