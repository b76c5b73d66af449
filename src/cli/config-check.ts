// `crisol config check`: reads the configuration and asks the host about it, starting nothing.
import { checkHost } from '../config/check-host.ts';
import { ConfigError, formatProblem } from '../config/problem.ts';
import type { Command } from './command.ts';
import { CONFIG_OPTIONS, CONFIG_USAGE, configOf } from './config-options.ts';

export const configCheck: Command = {
  name: 'config check',
  usage: CONFIG_USAGE,
  summary: 'check the configuration and what it names on this host; 1 when the daemon could not serve',
  options: CONFIG_OPTIONS,
  arity: [0, 0],
  run: ({ option, output }) => {
    let config;
    try {
      config = configOf({ option });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) output.err(`${formatProblem(problem)}\n`);
      return Promise.resolve(1);
    }
    const findings = checkHost(config);
    for (const { severity, key, message } of findings) output.err(`${severity}: ${key}: ${message}\n`);
    const failed = findings.some(({ severity }) => severity === 'error');
    if (!failed) output.out(`the configuration is fine; handlers: ${Object.keys(config.runtimes).join(', ')}\n`);
    return Promise.resolve(failed ? 1 : 0);
  },
};
