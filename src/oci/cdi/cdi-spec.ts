// A CDI spec: which devices a vendor offers, and what each changes in a container.
import { z } from 'zod';
import { errorMessage, invalidArgument } from '../../errors.ts';
import { isDeviceKind, isDeviceName } from './names.ts';

// Some writers put null where they have nothing to say.
function maybe<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

const strings = maybe(z.array(z.string()));
const id = z.int().min(0).max(0xffffffff);
const absolute = z.string().startsWith('/');

const deviceNode = z.strictObject({
  /** In the container. */
  path: absolute,
  hostPath: maybe(absolute),
  type: maybe(z.enum(['c', 'b', 'u', 'p'])),
  major: maybe(z.int()),
  minor: maybe(z.int()),
  fileMode: maybe(z.int().min(0)),
  permissions: maybe(z.string().regex(/^[rwm]*$/)),
  uid: maybe(id),
  gid: maybe(id),
});

const cdiMount = z.strictObject({
  hostPath: z.string().min(1),
  containerPath: absolute,
  options: strings,
  type: maybe(z.string()),
});

const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop'] as const;

const hook = z.strictObject({
  hookName: z.enum(HOOKS),
  path: absolute,
  args: strings,
  env: strings,
  timeout: maybe(z.int().positive()),
});

// Strict: an edit that is not understood must not be left out in silence.
const edits = z.strictObject({
  env: maybe(z.array(z.string().regex(/^[^=]+=/, 'is not of the form NAME=value'))),
  deviceNodes: maybe(z.array(deviceNode)),
  mounts: maybe(z.array(cdiMount)),
  hooks: maybe(z.array(hook)),
  additionalGids: maybe(z.array(id)),
});

const device = z.looseObject({
  name: z.string().refine(isDeviceName, 'is no name of a device'),
  containerEdits: edits,
});

const cdiSpec = z.looseObject({
  cdiVersion: z.string().regex(/^v?\d+\.\d+\.\d+/),
  kind: z.string().refine(isDeviceKind, 'is not of the form vendor/class'),
  devices: z.array(device).min(1),
  containerEdits: maybe(edits),
});

export type CdiSpec = z.infer<typeof cdiSpec>;
export type CdiEdits = z.infer<typeof edits>;
export type CdiDeviceNode = z.infer<typeof deviceNode>;
export type CdiHook = z.infer<typeof hook>;

/**
 * @param path tells the language: JSON or, what vendors' generators write, YAML
 * @throws invalid-argument that names `path` and the first field that is wrong
 * @see https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
 */
export async function parseCdiSpec(text: string, path: string): Promise<CdiSpec> {
  const language = path.endsWith('.json') ? 'JSON' : 'YAML';
  let document: unknown;
  try {
    document = language === 'JSON' ? JSON.parse(text) : await parseYaml(text);
  } catch (error) {
    throw invalidArgument(`CDI spec "${path}" is not ${language}: ${errorMessage(error)}`, error);
  }
  const parsed = cdiSpec.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  throw invalidArgument(`CDI spec "${path}": ${field === '' ? '' : `${field}: `}${issue?.message ?? 'invalid'}`);
}

// Loaded when the first YAML turns up: it costs 50 ms and 9 MB, which most nodes need not pay.
async function parseYaml(text: string): Promise<unknown> {
  return (await import('./parse-yaml.ts')).parseYaml(text);
}
