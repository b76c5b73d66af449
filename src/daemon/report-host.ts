// Tells the log, once at start, what of the configuration does not suit this host.
import { checkHost } from '../config/check-host.ts';
import { THIS_HOST, type HostFacts } from '../config/host-facts.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../observe/logger.ts';

/**
 * Logs each finding of `crisol config check`. None of them stops the daemon: what it cannot do without fails by itself,
 * and the handlers that are there serve on.
 */
export function reportHost(config: Config, log: Pick<Logger, 'error' | 'warn'>, facts: HostFacts = THIS_HOST): void {
  for (const { severity, key, message } of checkHost(config, facts)) {
    const line = { key, reason: message };
    if (severity === 'error') log.error(line, 'the host does not have what the configuration needs');
    else log.warn(line, 'the host does not have what the configuration names');
  }
}
