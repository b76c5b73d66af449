// `crisol version`: what is installed; asks nobody.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../rpc/load-proto.ts';
import type { Command } from './command.ts';

/** The version of this package. */
export function crisolVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

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
