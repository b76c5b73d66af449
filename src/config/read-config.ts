// Turns the merged table into a Config, section by section.
import { checkTlsKeys } from './check-streaming.ts';
import { DAEMON_FIELDS } from './daemon-keys.ts';
import { isTable, type FileTable } from './documents.ts';
import type { Fields, Values } from './field.ts';
import { nearest } from './nearest.ts';
import type { Places } from './places.ts';
import { readHandler } from './read-handler.ts';
import { readImagePolicy } from './read-image-policy.ts';
import { readTable, type ReadContext } from './read-table.ts';
import type { RuntimeHandlerConfig } from './runtime-handler.ts';
import { SECTIONS, type Config } from './schema.ts';

const TABLES = ['version', ...Object.keys(SECTIONS).filter((name) => !name.includes('.')), 'runtimes'];

/** The configuration in `table`; what is wrong goes to `report`, and the result counts only when nothing is. */
export function readConfig(
  defaults: Places,
  table: FileTable,
  report: ReadContext['report'],
  standalone: boolean,
): Config {
  const top = readTable({ places: defaults, report }, [], table, DAEMON_FIELDS, TABLES);
  if (table['version'] !== undefined && table['version'] !== 1) {
    report(['version'], 'must be 1, the only version there is');
  }
  // A socket that nobody placed goes along with a run directory that somebody did.
  const run = top.run as string | undefined;
  const moved = table['run'] === undefined || run === undefined ? {} : { run, socket: `${run}/crisol.sock` };
  const context = { places: { ...defaults, ...moved }, report };
  const section = <F extends Fields>(name: keyof typeof SECTIONS, fields: F): Values<F> =>
    readTable(context, [name], tableAt(context, [name], table[name]), fields);
  const cri = section('cri', SECTIONS.cri.fields);
  checkCgroupParent(context, cri);
  const streaming = section('streaming', SECTIONS.streaming.fields);
  checkTlsKeys(context, streaming);
  return {
    version: 1,
    standalone,
    ...top,
    cri,
    runtimes: readRuntimes(context, table, cri),
    images: readImages(context, tableAt(context, ['images'], table['images'])),
    network: section('network', SECTIONS.network.fields),
    streaming,
    monitor: section('monitor', SECTIONS.monitor.fields),
  };
}

function readImages(context: ReadContext, table: FileTable): Config['images'] {
  const inner = (name: string): FileTable => tableAt(context, ['images', name], table[name]);
  return {
    ...readTable(context, ['images'], table, SECTIONS.images.fields, ['limits', 'policy']),
    limits: readTable(context, ['images', 'limits'], inner('limits'), SECTIONS['images.limits'].fields),
    policy: readImagePolicy(context, inner('policy')),
  };
}

function tableAt(context: ReadContext, path: readonly string[], value: unknown): FileTable {
  if (value !== undefined && !isTable(value)) context.report(path, `must be a table, [${path.join('.')}]`);
  return isTable(value) ? value : {};
}

/** A parent must suit the driver; with "auto" that is known on the host only. */
function checkCgroupParent(context: ReadContext, { cgroupDriver, defaultCgroupParent }: Config['cri']): void {
  if ((defaultCgroupParent as string | undefined) === undefined || defaultCgroupParent === '') return;
  const key = ['cri', 'default_cgroup_parent'];
  const isSlice = defaultCgroupParent.endsWith('.slice');
  if (!isSlice && !defaultCgroupParent.startsWith('/')) context.report(key, 'must be "/path" or "name.slice"');
  else if (cgroupDriver === 'systemd' && !isSlice) context.report(key, 'must be "name.slice" with the systemd driver');
  else if (cgroupDriver === 'cgroupfs' && isSlice) context.report(key, 'must be "/path" with the cgroupfs driver');
}

/** The configured handlers; runc is there by itself when it is the default and has no table. */
function readRuntimes(context: ReadContext, table: FileTable, cri: Config['cri']): Config['runtimes'] {
  const given = tableAt(context, ['runtimes'], table['runtimes']);
  const tables: FileTable = cri.defaultRuntime === 'runc' ? { runc: { kind: 'oci' }, ...given } : given;
  const handlers: Record<string, RuntimeHandlerConfig> = {};
  for (const [name, own] of Object.entries(tables)) {
    if (!isTable(own)) {
      context.report(['runtimes', name], `must be a table, [runtimes.${name}]`);
      continue;
    }
    const handler = readHandler(context, name, own, cri.createTimeoutMs);
    if (handler !== undefined) handlers[name] = handler;
  }
  // Undefined when its own value is wrong, which has been reported.
  const wanted = cri.defaultRuntime as string | undefined;
  if (wanted !== undefined && !Object.hasOwn(tables, wanted)) {
    const suggestion = nearest(wanted, Object.keys(tables));
    const hint = suggestion === undefined ? '' : ` (nearest: "${suggestion}")`;
    context.report(['cri', 'default_runtime'], `there is no [runtimes.${wanted}]${hint}`);
  }
  return handlers;
}
