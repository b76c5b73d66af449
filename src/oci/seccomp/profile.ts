// A seccomp profile as it stands in a file: the OCI form, or the form with conditions that Docker and containerd use.
import { z } from 'zod';
import { errorMessage, invalidArgument } from '../../errors.ts';

// Some writers put null where a list is empty.
const strings = z.array(z.string()).nullish();

const condition = z.object({ arches: strings, caps: strings, minKernel: z.string().nullish() });

const argument = z.object({
  index: z.int().min(0).max(5),
  value: z.number().nonnegative(),
  valueTwo: z.number().nonnegative().nullish(),
  op: z.string().startsWith('SCMP_CMP_'),
});

const rule = z.object({
  name: z.string().nullish(),
  names: strings,
  action: z.string().startsWith('SCMP_ACT_'),
  errnoRet: z.int().min(0).nullish(),
  args: z.array(argument).nullish(),
  includes: condition.nullish(),
  excludes: condition.nullish(),
});

const profile = z.object({
  defaultAction: z.string().startsWith('SCMP_ACT_'),
  defaultErrnoRet: z.int().min(0).nullish(),
  architectures: strings,
  archMap: z.array(z.object({ architecture: z.string(), subArchitectures: strings })).nullish(),
  flags: strings,
  listenerPath: z.string().nullish(),
  listenerMetadata: z.string().nullish(),
  syscalls: z.array(rule).nullish(),
});

export type SeccompProfile = z.infer<typeof profile>;
export type ProfileRule = z.infer<typeof rule>;
export type RuleCondition = z.infer<typeof condition>;

/** @throws invalid-argument that names `path` and the first field that is wrong */
export function parseSeccompProfile(text: string, path: string): SeccompProfile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalidArgument(`seccomp profile "${path}" is not JSON: ${errorMessage(error)}`, error);
  }
  const parsed = profile.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join('.') ?? '';
  throw invalidArgument(`seccomp profile "${path}": ${field === '' ? '' : `${field}: `}${issue?.message ?? 'invalid'}`);
}
