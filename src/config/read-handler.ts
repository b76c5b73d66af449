// Reads one [runtimes.NAME] table.
import { isTable, type FileTable } from './documents.ts';
import { foreignKeyAdvice, shimOfRuntimeType } from './foreign-keys.ts';
import { translate } from './foreign-runtimes.ts';
import { nearest } from './nearest.ts';
import { readTable, type ReadContext } from './read-table.ts';
import {
  FEATURE_FIELDS,
  HANDLER_KINDS,
  OCI_FIELDS,
  SHIM_FIELDS,
  type FeatureOverrides,
  type RuntimeHandlerConfig,
} from './runtime-handler.ts';
import { isHandlerName } from './value-types.ts';

const OTHER_KEYS = ['kind', 'features'];
/** Keys of containerd's and CRI-O's tables that say more of a runtime than its type. */
const FOREIGN_KEYS = ['runtime_path', 'options'];
const KINDS = Object.keys(HANDLER_KINDS);

/** The handler in `table`, or undefined when its kind is not known, which is reported. */
export function readHandler(
  context: ReadContext,
  name: string,
  table: FileTable,
  createTimeoutMs: number,
): RuntimeHandlerConfig | undefined {
  const path = ['runtimes', name];
  if (!isHandlerName(name)) {
    context.report(path, 'a handler name has lower-case letters, digits and "-", as RuntimeClass demands');
  }
  const kind = table['kind'];
  if (kind !== 'oci' && kind !== 'shim-v2') {
    reportKind(context, path, table);
    return undefined;
  }
  const features = readFeatures(context, path, table);
  if (kind === 'oci') {
    const values = readTable(context, path, table, OCI_FIELDS, OTHER_KEYS);
    const own = { path: values.path ?? name, createTimeoutMs: values.createTimeoutMs ?? createTimeoutMs };
    return { kind, ...values, ...own, features };
  }
  const values = readTable(context, path, table, SHIM_FIELDS, OTHER_KEYS);
  if (table['path'] === undefined) context.report([...path, 'path'], 'missing: the path of the shim');
  const own = { path: values.path ?? '', createTimeoutMs: values.createTimeoutMs ?? createTimeoutMs };
  return { kind, ...values, ...own, features };
}

function readFeatures(context: ReadContext, path: readonly string[], table: FileTable): FeatureOverrides {
  const features = table['features'];
  if (features !== undefined && !isTable(features)) context.report([...path, 'features'], 'must be a table');
  return readTable(context, [...path, 'features'], isTable(features) ? features : {}, FEATURE_FIELDS);
}

/** Says what the kind should be, and what is wrong with keys that no kind has. */
function reportKind(context: ReadContext, path: readonly string[], table: FileTable): void {
  const kind = table['kind'];
  const known = [...OTHER_KEYS, ...[OCI_FIELDS, SHIM_FIELDS].flatMap((fields) => Object.values(fields))].map((entry) =>
    typeof entry === 'string' ? entry : entry.key,
  );
  const unknown = Object.keys(table).filter((key) => !known.includes(key));
  for (const key of unknown) {
    const suggestion = nearest(key, known);
    const hint = suggestion === undefined ? '' : ` (nearest known key: "${suggestion}")`;
    context.report([...path, key], foreignKeyAdvice([...path, key], table[key]) ?? `unknown key${hint}`);
  }
  if (kind === undefined) {
    const isForeign = unknown.some((key) => FOREIGN_KEYS.includes(key));
    // A table pasted from elsewhere is answered with the whole one to write.
    if (isForeign) context.report([...path, 'kind'], `missing: write ${translate(path[1] ?? '', table)}`);
    // A runtime_type alone has been answered with the right kind already.
    else if (!unknown.includes('runtime_type'))
      context.report([...path, 'kind'], 'missing: write kind = "oci" or "shim-v2"');
    return;
  }
  const type = typeof kind === 'string' ? kind : '';
  const shim = shimOfRuntimeType(type);
  const cure = shim === undefined ? '' : `; for "${type}" write kind = "shim-v2" and path = "/usr/bin/${shim}"`;
  context.report([...path, 'kind'], `must be one of ${KINDS.map((each) => `"${each}"`).join(', ')}${cure}`);
}
