// `crisol config default`: the default configuration, with every key explained.
import { printDefaultConfig } from '../config/print-default.ts';
import type { Command } from './command.ts';

export const configDefault: Command = {
  name: 'config default',
  usage: '',
  summary: 'print the default configuration, every key explained',
  options: {},
  arity: [0, 0],
  run: (call) => {
    call.output.out(printDefaultConfig());
    return Promise.resolve(0);
  },
};
