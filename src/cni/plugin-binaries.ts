// Finds plugin programs in the plugin directories, once per plugin.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { failedPrecondition } from '../errors.ts';

export class PluginBinaries {
  readonly directories: readonly string[];
  readonly #found = new Map<string, string>();

  constructor(directories: readonly string[]) {
    this.directories = directories;
  }

  /**
   * The path of a plugin: the first executable of that name.
   * @throws failed-precondition naming the directories searched
   */
  async find(type: string): Promise<string> {
    const known = this.#found.get(type);
    if (known !== undefined) return known;
    for (const directory of this.directories) {
      const path = join(directory, type);
      const isExecutable = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (!isExecutable) continue;
      this.#found.set(type, path);
      return path;
    }
    const searched = this.directories.map((directory) => `"${directory}"`).join(', ');
    throw failedPrecondition(`plugin "${type}" not found in ${searched}: install it there or add its directory`);
  }

  /** Forgets where a plugin was, because it is no longer there. */
  forget(type: string): void {
    this.#found.delete(type);
  }
}
