// How checks look at the host: programs, paths and groups, behind one interface.
import { statSync } from 'node:fs';
import { isErrno } from '../errors.ts';
import { findProgram } from '../host/find-program.ts';
import { findGroupId } from '../host/groups.ts';
import { selinuxEnabled } from '../host/selinux.ts';

export interface HostFinding {
  /** `error`: the daemon cannot serve like this. `warning`: it serves, and something named will not work. */
  readonly severity: 'error' | 'warning';
  /** Dotted key as in the file. */
  readonly key: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

export interface HostFacts {
  /** The absolute path of an executable; bare names are looked up in PATH. */
  findProgram(nameOrPath: string): string | undefined;
  /** What is at a path, symlinks followed; what cannot be looked at is absent. */
  kindOf(path: string): 'directory' | 'file' | 'other' | 'absent';
  hasGroup(name: string): boolean;
  hasSelinux(): boolean;
}

/** The host this process runs on. */
export const THIS_HOST: HostFacts = {
  findProgram: (nameOrPath) => findProgram(nameOrPath),
  kindOf: (path) => {
    try {
      const stat = statSync(path);
      if (stat.isDirectory()) return 'directory';
      return stat.isFile() ? 'file' : 'other';
    } catch (error) {
      // A path through a file is a mistake of its own: the parent is no directory.
      return isErrno(error, 'ENOTDIR') ? 'other' : 'absent';
    }
  },
  hasGroup: (name) => findGroupId(name) !== undefined,
  hasSelinux: () => selinuxEnabled(),
};
