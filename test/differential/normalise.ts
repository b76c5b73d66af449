// Makes the answers of two daemons comparable: what must differ between two runs gets one name, and lists whose order
// means nothing become objects.

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Fields that hold a time: nanoseconds or RFC 3339. */
const TIME = /(^|[a-z])(createdAt|startedAt|finishedAt|timestamp)$|^(created|Created)$/;
/** Fields that hold a measurement. */
const MEASURED = /^(value|usageNanoCores|usageCoreNanoSeconds|startTicks|Total|Avg\d+)$/;
const NEVER = /^(0|0001-01-01T00:00:00Z|1970-01-01T00:00:00Z)$/;
/** What names an element of a list, the first that it has. */
const NAMES = ['destination', 'container_path', 'containerPath', 'path', 'type', 'name', 'fsId'] as const;

/** Texts that stand for what only this run has: ids, directories. Longer ones first. */
export type Names = ReadonlyMap<string, string>;

/** An answer without what only this run has. */
export function normalise(answer: unknown, names: Names): Json {
  return walk(answer as Json, '', names);
}

function walk(value: Json, key: string, names: Names): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'string') return leaf(value, key, names);
  if (Array.isArray(value)) return list(value as readonly Json[], key, names);
  const entries = Object.entries(value)
    .map(([name, inner]) => [rename(name, names), walk(inner, name, names)] as const)
    .filter(([, inner]) => !isEmpty(inner));
  return Object.fromEntries(entries);
}

/** An absent message, list or map: JSON has three ways to write each of them. */
function isEmpty(value: Json): boolean {
  return value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}

function leaf(value: number | string, key: string, names: Names): Json {
  if (TIME.test(key)) return NEVER.test(String(value)) ? '<never>' : '<time>';
  if (key === 'pid' || key === 'processPid') return Number(value) > 0 ? '<pid>' : value;
  if (MEASURED.test(key)) return '<number>';
  return typeof value === 'string' ? rename(value, names) : value;
}

function list(values: readonly Json[], key: string, names: Names): Json {
  if (key === 'env') return Object.fromEntries(values.map((text) => split(rename(asText(text), names))));
  if (key === 'devices' && values.every((value) => isObject(value) && 'allow' in value)) {
    return Object.fromEntries(values.map((value) => [deviceRule(value as Record<string, Json>), true]));
  }
  if (key === 'syscalls') return Object.fromEntries(values.flatMap((rule) => syscalls(rule as unknown as SyscallRule)));
  if (values.length > 0 && values.every((value) => nameOf(value) !== undefined)) {
    return Object.fromEntries(values.map((value) => [nameOf(value), walk(value, '', names)])) as Json;
  }
  const walked = values.map((value) => walk(value, key, names));
  const name = NAMES.find((field) => walked.every((value) => isObject(value) && typeof value[field] === 'string'));
  if (walked.length > 0 && name !== undefined) {
    return Object.fromEntries(walked.map((value) => [(value as Record<string, Json>)[name], value])) as Json;
  }
  return UNORDERED.test(key) ? Object.fromEntries(walked.map((word) => [asText(word), true])) : walked;
}

/** Lists of words whose order means nothing. */
const UNORDERED =
  /^(options|bounding|effective|permitted|inheritable|ambient|maskedPaths|readonlyPaths|names|repoTags|repoDigests)$/;

interface SyscallRule {
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly Json[];
}

function syscalls({ names, action, errnoRet, args = [] }: SyscallRule): readonly (readonly [string, Json])[] {
  const condition = args.length === 0 ? '' : ` when ${JSON.stringify(args)}`;
  return names.map((name) => [`${name}${condition}`, `${action} ${errnoRet ?? ''}`.trim()]);
}

/** The name in the metadata of a pod or a container, or of one that is measured. */
function nameOf(value: Json): string | undefined {
  const { metadata, attributes } = (isObject(value) ? value : {}) as {
    metadata?: { name?: string };
    attributes?: { metadata?: { name?: string } };
  };
  return (metadata ?? attributes?.metadata)?.name;
}

function isObject(value: Json): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function split(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function deviceRule(rule: Record<string, Json>): string {
  const number = (field: string) => asText(rule[field] ?? '*');
  return `${rule['allow'] === true ? 'allow' : 'deny'} ${asText(rule['type'] ?? 'a')} ${number('major')}:${number('minor')} ${asText(rule['access'] ?? '')}`;
}

function rename(text: string, names: Names): string {
  let renamed = text;
  for (const [from, to] of names) renamed = renamed.replaceAll(from, to);
  return renamed
    .replaceAll(/\b10\.88\.\d+\.\d+\b/g, '<address>')
    .replaceAll(/\b[0-9a-f]{64}\b(?<!sha256:.{64})/g, '<id>')
    .replaceAll(/\/proc\/\d+\//g, '/proc/<pid>/');
}
