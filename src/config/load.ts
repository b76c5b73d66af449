// Loads the configuration: main file and drop-ins, checked against the schema, all problems reported at once.
import { ConfigError, type ConfigProblem } from './problem.ts';
import { listDropIns, mergeTables, placeOf, readDocument, type Document } from './documents.ts';
import { SYSTEM_PLACES, defaultConfigFile, standalonePlaces } from './places.ts';
import { readConfig } from './read-config.ts';
import type { Config } from './schema.ts';

export interface LoadOptions {
  /** The main file, which must then exist. Without it: the default one, which need not. */
  readonly path?: string | undefined;
  /** The drop-in directory; the main file's name with `.d` when not given. */
  readonly dropInDir?: string | undefined;
  /** Put everything below this directory; the default main file is `config.toml` in it. */
  readonly standaloneDir?: string | undefined;
}

/**
 * The daemon's configuration.
 *
 * Drop-ins (`*.toml`) are merged in name order: tables key by key, scalars and lists replaced.
 * Only reads files; whether the host suits the configuration is `checkHost`'s question.
 * @throws ConfigError with every problem found
 */
export function loadConfig(options: LoadOptions): Config {
  const places = options.standaloneDir === undefined ? SYSTEM_PLACES : standalonePlaces(options.standaloneDir);
  const mainFile = options.path ?? defaultConfigFile(places);
  const problems: ConfigProblem[] = [];
  const keep = (read: Document | ConfigProblem | undefined): Document[] => {
    if (read === undefined) return [];
    if ('table' in read) return [read];
    problems.push(read);
    return [];
  };
  const main = keep(readDocument(mainFile, options.path === undefined));
  const dropIns = listDropIns(options.dropInDir ?? `${mainFile}.d`, options.dropInDir === undefined);
  if ('line' in dropIns) problems.push(dropIns);
  const files = 'line' in dropIns ? [] : dropIns;
  const documents = [...main, ...files.flatMap((file) => keep(readDocument(file, false)))];
  const report = (path: readonly string[], message: string): void => {
    problems.push({ ...placeOf(documents, path), key: path.map(showKey).join('.'), message });
  };
  if (main[0] !== undefined && main[0].table['version'] === undefined) {
    problems.push({
      file: mainFile,
      line: 1,
      key: 'version',
      message: 'missing: the file must begin with version = 1',
    });
  }
  const table = documents.reduce((lower, document) => mergeTables(lower, document.table), {});
  const config = readConfig(places, table, report, options.standaloneDir !== undefined);
  const order = [mainFile, ...files];
  problems.sort((one, other) => order.indexOf(one.file) - order.indexOf(other.file) || one.line - other.line);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function showKey(part: string): string {
  return /^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part);
}
