// The edits of CDI devices, made to a finished container spec.
import type { Linux, Process, Spec, SpecDevice, SpecMount } from '../types.ts';
import type { CdiEdits, CdiHook } from './cdi-spec.ts';

/** A device node whose type and numbers are known, from the spec or from the host. */
export interface CdiNode {
  readonly device: SpecDevice;
  /** Some of `r`, `w`, `m`; '' means all. */
  readonly permissions: string;
}

/** The edits of one device or of a whole CDI spec, with its nodes looked up. */
export interface ResolvedEdits extends Omit<CdiEdits, 'deviceNodes'> {
  readonly nodes: readonly CdiNode[];
}

/** `spec` with all edits in order; a later one wins over an earlier one and over what the spec had. */
export function applyCdiEdits(spec: Spec, edits: readonly ResolvedEdits[]): Spec {
  if (edits.length === 0) return spec;
  const mounts = edits.flatMap((each) => each.mounts ?? []).map(toMount);
  const hooks = edits.flatMap((each) => each.hooks ?? []);
  return {
    ...spec,
    process: editProcess(spec.process, edits),
    mounts: [...spec.mounts.filter((mount) => !mounts.some((own) => own.destination === mount.destination)), ...mounts],
    ...(hooks.length > 0 && { hooks: editHooks(spec.hooks, hooks) }),
    linux: editDevices(
      spec.linux,
      edits.flatMap(({ nodes }) => nodes),
    ),
  };
}

function editProcess(process: Process, edits: readonly ResolvedEdits[]): Process {
  const env = new Map([...process.env, ...edits.flatMap((each) => each.env ?? [])].map((line) => [nameOf(line), line]));
  // A spec that says group 0 means "none given".
  const gids = edits.flatMap(({ additionalGids }) => additionalGids ?? []).filter((gid) => gid !== 0);
  const additionalGids = [...new Set([...process.user.additionalGids, ...gids])];
  return { ...process, env: [...env.values()], user: { ...process.user, additionalGids } };
}

function nameOf(line: string): string {
  return line.slice(0, Math.max(line.indexOf('='), 0));
}

function toMount({ hostPath, containerPath, options, type }: NonNullable<CdiEdits['mounts']>[number]): SpecMount {
  return {
    destination: containerPath,
    type: type ?? 'bind',
    source: hostPath,
    options: options === undefined || options.length === 0 ? ['rbind'] : options,
  };
}

function editHooks(present: Spec['hooks'], added: readonly CdiHook[]): NonNullable<Spec['hooks']> {
  const hooks = { ...present };
  for (const { hookName, path, args, env, timeout } of added) {
    const hook = { path, ...(args && { args }), ...(env && { env }), ...(timeout !== undefined && { timeout }) };
    hooks[hookName] = [...(hooks[hookName] ?? []), hook];
  }
  return hooks;
}

function editDevices(linux: Linux, nodes: readonly CdiNode[]): Linux {
  if (nodes.length === 0) return linux;
  const byPath = new Map((linux.devices ?? []).map((device) => [device.path, device]));
  for (const { device } of nodes) byPath.set(device.path, device);
  const rules = nodes
    .filter(({ device }) => device.type !== 'p')
    .map(({ device: { type, major, minor }, permissions }) => ({
      allow: true,
      type: type === 'u' ? 'c' : type,
      ...(major !== undefined && { major }),
      ...(minor !== undefined && { minor }),
      access: permissions === '' ? 'rwm' : permissions,
    }));
  const devices = [...(linux.resources.devices ?? []), ...rules];
  return { ...linux, devices: [...byPath.values()], resources: { ...linux.resources, devices } };
}
