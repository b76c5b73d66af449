// SIGHUP: loads the configuration again and takes over what a running daemon can, all of it or nothing.
import { configChanges, type ConfigChanges } from '../config/changes.ts';
import { ConfigError } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../observe/logger.ts';
import { ownConfDirs } from './open-network.ts';

export interface ReloadDeps {
  /** Reads the files anew. @throws ConfigError with every problem */
  readonly load: () => Config;
  readonly handlers: {
    /** The configuration that the handlers follow now. */
    readonly config: Config;
    /** Proves the handlers of another configuration and then follows it. */
    follow(config: Config): Promise<void>;
  };
  /** Follows the directories of handlers whose pods have a network of their own, and no others. */
  readonly network: { follow(confDirs: readonly string[]): Promise<void> };
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Never rejects: a configuration with a problem changes nothing, and is complained about key by key. */
export async function reloadConfig({ load, handlers, network, log }: ReloadDeps): Promise<void> {
  try {
    const next = load();
    const changes = configChanges(handlers.config, next);
    await handlers.follow(next);
    await network.follow(ownConfDirs(next));
    reportChanges(changes, log);
  } catch (error) {
    reportProblems(error, log);
  }
}

function reportProblems(error: unknown, log: ReloadDeps['log']): void {
  if (error instanceof ConfigError) {
    for (const { file, line, key, message } of error.problems) {
      log.error({ file, line, key, reason: message }, 'a problem of the new configuration');
    }
  }
  const problems = error instanceof ConfigError ? error.problems.length : 1;
  const reason = error instanceof ConfigError ? undefined : errorMessage(error);
  log.error({ problems, reason }, 'the new configuration is refused; nothing has changed');
}

function reportChanges({ handlers, live, restart }: ConfigChanges, log: ReloadDeps['log']): void {
  for (const key of restart) log.warn({ key }, 'the key has changed; it counts from the next start of crisol on');
  log.info({ ...handlers, keys: live }, 'the configuration was loaded again; all its handlers were proved anew');
}
