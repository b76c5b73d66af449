// The options that say which configuration a command is about, and the socket that follows from it.
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { Call, Command } from './command.ts';

export const CONFIG_OPTIONS = {
  config: { type: 'string', short: 'c' },
  standalone: { type: 'string' },
} as const satisfies Command['options'];

export const CONFIG_USAGE = '[--config FILE] [--standalone DIR]';

/** The configuration the call names. @throws ConfigError with every problem */
export function configOf(call: Pick<Call, 'option'>): Config {
  return loadConfig({ path: call.option('config'), standaloneDir: call.option('standalone') });
}

export const SOCKET_OPTIONS = { ...CONFIG_OPTIONS, socket: { type: 'string' } } as const satisfies Command['options'];

export const SOCKET_USAGE = '[--socket PATH | --config FILE | --standalone DIR]';

/** The daemon's socket: as given, or as configured. A configuration that is not needed is not read. */
export function socketOf(call: Pick<Call, 'option'>): string {
  return call.option('socket')?.replace(/^unix:(\/\/)?/, '') ?? configOf(call).cri.socket;
}
