// `crisol version`: what is installed; asks nobody.

import { crisolVersion } from '../rpc/package-version.ts';
import type { Command } from './command.ts';

export const version: Command = {
  name: 'version',
  usage: '',
  summary: 'print the versions of crisol, the CRI and Node',
  options: {},
  arity: [0, 0],
  run: ({ output }) => {
    output.out(`crisol ${crisolVersion()}\nCRI runtime.v1\nNode ${process.version}\n`);
    return Promise.resolve(0);
  },
};
