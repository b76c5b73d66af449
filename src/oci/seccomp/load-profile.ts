// Reads a Localhost seccomp profile from the node.
import { readFile } from 'node:fs/promises';
import { errorMessage, invalidArgument } from '../../errors.ts';
import { parseSeccompProfile } from './profile.ts';
import type { SeccompProfile } from './profile.ts';

/** @throws invalid-argument that names the file when it cannot be read or is no profile */
export async function loadSeccompProfile(path: string): Promise<SeccompProfile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw invalidArgument(`cannot read seccomp profile "${path}": ${errorMessage(error)}`, error);
  }
  return parseSeccompProfile(text, path);
}
