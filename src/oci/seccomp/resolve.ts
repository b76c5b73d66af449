// Turns a profile with conditions into the plain rules of config.json for one machine and one capability set.
import { isAtLeast } from '../../host/kernel-release.ts';
import type { Seccomp, SeccompRule } from '../types.ts';
import type { ProfileRule, RuleCondition, SeccompProfile } from './profile.ts';

export type Arch = 'amd64' | 'arm64';

export interface SeccompContext {
  readonly arch: Arch;
  /** As uname prints it: `6.12.5-amd64`. */
  readonly kernelRelease: string;
  /** The container's bounding set. */
  readonly capabilities: readonly string[];
}

const NATIVE: Readonly<Record<Arch, string>> = { amd64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' };

/** Rules whose conditions do not hold are left out; the rest lose their conditions. */
export function resolveSeccomp(profile: SeccompProfile, context: SeccompContext): Seccomp {
  return {
    defaultAction: profile.defaultAction,
    ...(typeof profile.defaultErrnoRet === 'number' && { defaultErrnoRet: profile.defaultErrnoRet }),
    ...architectures(profile, context.arch),
    ...(profile.flags && profile.flags.length > 0 && { flags: profile.flags }),
    ...(profile.listenerPath && { listenerPath: profile.listenerPath }),
    ...(profile.listenerMetadata && { listenerMetadata: profile.listenerMetadata }),
    syscalls: (profile.syscalls ?? []).filter((rule) => applies(rule, context)).map(toRule),
  };
}

function architectures(profile: SeccompProfile, arch: Arch): Pick<Seccomp, 'architectures'> {
  if (profile.architectures && profile.architectures.length > 0) return { architectures: profile.architectures };
  // A profile that names none is for the native architecture, and the runtimes add that by themselves.
  if (!profile.archMap) return {};
  const native = NATIVE[arch];
  const mapped = profile.archMap.find(({ architecture }) => architecture === native);
  return { architectures: [native, ...(mapped?.subArchitectures ?? [])] };
}

function applies({ includes, excludes }: ProfileRule, context: SeccompContext): boolean {
  const { arches, caps, minKernel } = includes ?? {};
  if (arches && arches.length > 0 && !arches.includes(context.arch)) return false;
  if (caps && !caps.every((cap) => context.capabilities.includes(cap))) return false;
  if (minKernel && !isAtLeast(context.kernelRelease, minKernel)) return false;
  return !(excludes && isExcluded(excludes, context));
}

function isExcluded({ arches, caps, minKernel }: RuleCondition, context: SeccompContext): boolean {
  return (
    (arches ?? []).includes(context.arch) ||
    (caps ?? []).some((cap) => context.capabilities.includes(cap)) ||
    (Boolean(minKernel) && isAtLeast(context.kernelRelease, minKernel ?? ''))
  );
}

function toRule({ name, names, action, errnoRet, args }: ProfileRule): SeccompRule {
  return {
    names: [...(name ? [name] : []), ...(names ?? [])],
    action,
    ...(typeof errnoRet === 'number' && { errnoRet }),
    ...(args &&
      args.length > 0 && {
        args: args.map(({ index, value, valueTwo, op }) => ({ index, value, ...(valueTwo && { valueTwo }), op })),
      }),
  };
}
