// Reads the network configuration: the first valid file of the configuration directories.
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage, isErrno } from '../errors.ts';
import { parseNetworkConf, type NetworkConf } from './conf-schema.ts';

/** The outcome of a search; `problems` names every file that was passed over, with the reason. */
export interface LoadedConf {
  readonly network?: NetworkConf;
  /** The file the network comes from. */
  readonly path?: string;
  readonly problems: readonly string[];
}

const EXTENSION = /\.(conflist|conf|json)$/;

async function listFiles(directory: string): Promise<string[]> {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => EXTENSION.test(name))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** Looks through the directories in order, and through the files of each in lexical order. Never rejects. */
export async function loadConf(directories: readonly string[]): Promise<LoadedConf> {
  const problems: string[] = [];
  for (const directory of directories) {
    const files = await listFiles(directory).catch((error: unknown) => {
      problems.push(errorMessage(error));
      return [];
    });
    for (const path of files) {
      try {
        const network = parseNetworkConf(await readFile(path, 'utf8'));
        // Only loopback: other runtimes need such a file beside that of the real network.
        if (network.plugins.length > 0) return { network, path, problems };
      } catch (error) {
        problems.push(`"${path}": ${errorMessage(error)}`);
      }
    }
  }
  return { problems };
}
