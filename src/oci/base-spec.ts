// A handler's base spec: what every container of the handler has below what crisol itself writes.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errorMessage, invalidArgument } from '../errors.ts';
import type { Spec, SpecMount } from './types.ts';

const Rlimit = z.object({ type: z.string(), hard: z.number(), soft: z.number() });
const Mount = z.looseObject({ destination: z.string() });
const Hook = z.looseObject({ path: z.string() });
const HookName = z.enum(['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop']);

/**
 * The parts of a spec that a base can give. Others may stand in the file, as a generated one has them all, and are
 * crisol's alone: who the process is, what it may do, and where it runs.
 */
const BaseSpec = z.object({
  process: z.object({ env: z.array(z.string()).default([]), rlimits: z.array(Rlimit).default([]) }).prefault({}),
  mounts: z.array(Mount).default([]),
  annotations: z.record(z.string(), z.string()).default({}),
  hooks: z.partialRecord(HookName, z.array(Hook)).optional(),
  linux: z.object({ resources: z.record(z.string(), z.unknown()).default({}) }).prefault({}),
});
export type BaseSpec = z.infer<typeof BaseSpec>;

/** @throws invalid-argument that names the file, and the key that is wrong */
export async function loadBaseSpec(path: string): Promise<BaseSpec> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw invalidArgument(`cannot read base spec "${path}": ${errorMessage(error)}`, error);
  }
  const result = BaseSpec.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalidArgument(`base spec "${path}": ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

/**
 * `spec` with what only `base` has: variables by name, limits by type, mounts by destination, annotations and resources
 * by key. Mounts of the base lie below, so they come first; its hooks run before others.
 */
export function overBase(spec: Spec, base: BaseSpec): Spec {
  const { env, rlimits = [] } = spec.process;
  const hooks = mergeHooks(base.hooks ?? {}, spec.hooks ?? {});
  return {
    ...spec,
    process: {
      ...spec.process,
      env: [...without(base.process.env, env, (line) => line.split('=', 1)[0]), ...env],
      rlimits: [...without(base.process.rlimits, rlimits, ({ type }) => type), ...rlimits],
    },
    mounts: [...without<SpecMount>(base.mounts, spec.mounts, ({ destination }) => destination), ...spec.mounts],
    annotations: { ...base.annotations, ...spec.annotations },
    ...(Object.keys(hooks).length > 0 && { hooks }),
    linux: { ...spec.linux, resources: mergeDeep(base.linux.resources, spec.linux.resources) },
  };
}

function without<T>(base: readonly T[], own: readonly T[], keyOf: (item: T) => string | undefined): T[] {
  const keys = new Set(own.map(keyOf));
  return base.filter((item) => !keys.has(keyOf(item)));
}

function mergeHooks(first: NonNullable<Spec['hooks']>, then: NonNullable<Spec['hooks']>): NonNullable<Spec['hooks']> {
  const names = HookName.options.filter((name) => first[name] !== undefined || then[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, [...(first[name] ?? []), ...(then[name] ?? [])]]));
}

function mergeDeep(lower: object, upper: object): object {
  const merged: Record<string, unknown> = { ...lower };
  for (const [key, value] of Object.entries(upper)) {
    const below = merged[key];
    merged[key] = isPlain(below) && isPlain(value) ? mergeDeep(below, value) : value;
  }
  return merged;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
