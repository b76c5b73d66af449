// AppArmor of this host: whether it is on, which profiles are loaded, and loading one.
import { readFileSync } from 'node:fs';
import { findProgram } from './find-program.ts';
import { DEFAULT_PATH, runCommand } from './run-command.ts';

/** Whether the kernel confines programs with AppArmor. */
export function apparmorEnabled(parameter = '/sys/module/apparmor/parameters/enabled'): boolean {
  try {
    return readFileSync(parameter, 'latin1').startsWith('Y');
  } catch {
    return false;
  }
}

/**
 * Whether a profile is loaded, or undefined where the kernel does not say (securityfs is not mounted).
 * @param list one line per profile: its name and, in parentheses, its mode
 */
export function isProfileLoaded(name: string, list = '/sys/kernel/security/apparmor/profiles'): boolean | undefined {
  try {
    const lines = readFileSync(list, 'utf8').split('\n');
    return lines.some((line) => line.replace(/ \([a-z]+\)$/, '') === name);
  } catch {
    return undefined;
  }
}

const TIMEOUT_MS = 30_000;

/**
 * Loads a profile into the kernel in the place of an earlier one of the same name.
 * @returns what went wrong, or undefined
 */
export async function loadProfile(text: string, path = DEFAULT_PATH): Promise<string | undefined> {
  const file = findProgram('apparmor_parser', path);
  if (file === undefined) return 'apparmor_parser is not installed';
  const { exitCode, stderr, stopped } = await runCommand({
    file,
    args: ['--replace', '--skip-cache'],
    stdin: text,
    timeoutMs: TIMEOUT_MS,
  });
  if (exitCode === 0) return undefined;
  return stopped === undefined ? stderr.toString().trim() : `apparmor_parser took more than ${TIMEOUT_MS / 1000} s`;
}
