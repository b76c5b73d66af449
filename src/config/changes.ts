// What differs between two configurations, in the words of the file: what counts at once, and what needs a restart.
import { DAEMON_FIELDS } from './daemon-keys.ts';
import type { Fields } from './field.ts';
import { FEATURE_FIELDS, HANDLER_KINDS, type RuntimeHandlerConfig } from './runtime-handler.ts';
import { SECTIONS, type Config } from './schema.ts';

/** Keys outside `[runtimes.NAME]` that a running daemon takes over: they say how handlers are made. */
const LIVE_KEYS: readonly string[] = ['cri.default_runtime', 'cri.create_timeout', 'monitor.conmon'];

export interface HandlerChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The keys that changed, by handler. */
  readonly changed: Readonly<Record<string, readonly string[]>>;
}

export interface ConfigChanges {
  readonly handlers: HandlerChanges;
  /** Dotted keys that changed and count from now on. */
  readonly live: readonly string[];
  /** Dotted keys that changed and count from the next start on. */
  readonly restart: readonly string[];
}

/** How `after` differs from `before`. */
export function configChanges(before: Config, after: Config): ConfigChanges {
  const keys = [
    ...changedKeys(DAEMON_FIELDS, before, after),
    ...Object.entries(SECTIONS).flatMap(([name, { fields }]) =>
      changedKeys(fields, tableAt(before, name), tableAt(after, name)).map((key) => `${name}.${key}`),
    ),
  ];
  return {
    handlers: handlerChanges(before.runtimes, after.runtimes),
    live: keys.filter((key) => LIVE_KEYS.includes(key)),
    restart: keys.filter((key) => !LIVE_KEYS.includes(key)),
  };
}

/** `before` with everything of `after` that a running daemon takes over. */
export function withLiveKeys(before: Config, after: Config): Config {
  const { defaultRuntime, createTimeoutMs } = after.cri;
  return {
    ...before,
    cri: { ...before.cri, defaultRuntime, createTimeoutMs },
    monitor: after.monitor,
    runtimes: after.runtimes,
  };
}

function handlerChanges(before: Config['runtimes'], after: Config['runtimes']): HandlerChanges {
  const stays = Object.entries(after).filter(([name]) => name in before);
  const changed = stays.flatMap(([name, handler]) => {
    const keys = changedHandlerKeys(before[name], handler);
    return keys.length === 0 ? [] : [[name, keys] as const];
  });
  return {
    added: Object.keys(after).filter((name) => !(name in before)),
    removed: Object.keys(before).filter((name) => !(name in after)),
    changed: Object.fromEntries(changed),
  };
}

function changedHandlerKeys(before: RuntimeHandlerConfig | undefined, after: RuntimeHandlerConfig): string[] {
  if (before?.kind !== after.kind) return ['kind'];
  return [
    ...changedKeys(HANDLER_KINDS[after.kind], before, after),
    ...changedKeys(FEATURE_FIELDS, before.features, after.features).map((key) => `features.${key}`),
  ];
}

/** The table of a section's dotted name. */
function tableAt(config: unknown, dotted: string): unknown {
  return dotted.split('.').reduce((table, name) => (table as Readonly<Record<string, unknown>>)[name], config);
}

function changedKeys(fields: Fields, before: unknown, after: unknown): string[] {
  const valueOf = (table: unknown, name: string): string | undefined =>
    JSON.stringify((table as Readonly<Record<string, unknown>>)[name]);
  return Object.entries(fields).flatMap(([name, { key }]) =>
    valueOf(before, name) === valueOf(after, name) ? [] : [key],
  );
}
