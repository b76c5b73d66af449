// `crisol serve`: loads the configuration and runs the daemon until it is told to stop.
import type { Config } from '../config/schema.ts';
import type { LogLevel } from '../observe/logger.ts';
import { UsageError, type Command } from './command.ts';
import { CONFIG_OPTIONS, CONFIG_USAGE, configOf } from './config-options.ts';

const LEVELS: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] satisfies LogLevel[];

export const serve: Command = {
  name: 'serve',
  usage: `${CONFIG_USAGE} [--log-level LEVEL]`,
  summary: 'run the daemon',
  options: { ...CONFIG_OPTIONS, 'log-level': { type: 'string' } },
  arity: [0, 0],
  run: (call) => {
    const level = call.option('log-level');
    if (level !== undefined && !LEVELS.includes(level)) {
      throw new UsageError(`--log-level must be one of ${LEVELS.join(', ')}`);
    }
    const load = (): Config => {
      const config = configOf(call);
      return level === undefined ? config : { ...config, logLevel: level as LogLevel };
    };
    return call.runDaemon(load(), load);
  },
};
