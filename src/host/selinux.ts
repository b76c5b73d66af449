// SELinux of this host: whether it is on, the labels its policy has for containers, and the labels of files. The one
// place that asks; all it reads lies at `SelinuxPlaces`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isErrno, isUnsupported } from '../errors.ts';
import { getXattr, setXattr, type KernelPath } from './kernel.ts';

/** Where the kernel and the policy are looked for. */
export interface SelinuxPlaces {
  /** Where selinuxfs is mounted. */
  readonly fs: string;
  /** The label of this process. */
  readonly self: string;
  /** Names the type of the policy: `SELINUXTYPE=targeted`. */
  readonly config: string;
  /** Has a directory for each type of policy. */
  readonly policies: string;
  /** What container-selinux installs for all runtimes; it comes before the policy's own `lxc_contexts`. */
  readonly contexts: string;
}

export const SELINUX_PLACES: SelinuxPlaces = {
  fs: '/sys/fs/selinux',
  self: '/proc/self/attr/current',
  config: '/etc/selinux/config',
  policies: '/etc/selinux',
  contexts: '/usr/share/containers/selinux/contexts',
};

/** Labels, `user:role:type[:level]`, that the policy has for containers. */
export interface SelinuxPolicy {
  readonly process: string;
  /** Of a virtual machine that is a container. */
  readonly vmProcess: string;
  /** Of files that containers may write. */
  readonly file: string;
}

// As every container policy names them; counts where no file says so.
const WELL_KNOWN: SelinuxPolicy = {
  process: 'system_u:system_r:container_t:s0',
  vmProcess: 'system_u:system_r:container_kvm_t:s0',
  file: 'system_u:object_r:container_file_t:s0',
};

const LABEL = /^(?:[\w.-]+:){2}[\w.-]+(?::[\w.,:-]+)?$/;

/** Whether the kernel has SELinux and a policy loaded, enforced or not. */
export function selinuxEnabled({ fs, self }: SelinuxPlaces = SELINUX_PLACES): boolean {
  if (!existsSync(`${fs}/enforce`)) return false;
  // Until a policy is loaded everything is "kernel".
  return readText(self)?.replace(/[\0\n]+$/, '') !== 'kernel';
}

/** The labels for containers. What the policy's files leave out, or have in no such form, is what all policies call it. */
export function selinuxPolicy(places: SelinuxPlaces = SELINUX_PLACES): SelinuxPolicy {
  const type = assignments(readText(places.config) ?? '').get('SELINUXTYPE') ?? 'targeted';
  const text = readText(places.contexts) ?? readText(`${places.policies}/${type}/contexts/lxc_contexts`) ?? '';
  const values = assignments(text);
  const labelOf = (key: string): string | undefined => {
    const value = values.get(key);
    return value !== undefined && LABEL.test(value) ? value : undefined;
  };
  const process = labelOf('process');
  return {
    process: process ?? WELL_KNOWN.process,
    vmProcess: labelOf('kvm_process') ?? process ?? WELL_KNOWN.vmProcess,
    file: labelOf('file') ?? WELL_KNOWN.file,
  };
}

/** Whether the loaded policy has this label; undefined where the kernel does not say. */
export function isSelinuxLabelKnown(label: string, { fs }: SelinuxPlaces = SELINUX_PLACES): boolean | undefined {
  try {
    writeFileSync(`${fs}/context`, label);
    return true;
  } catch (error) {
    return isErrno(error, 'EINVAL') ? false : undefined;
  }
}

const ATTRIBUTE = 'security.selinux';

/** The label of a file itself, never of a symlink's target; undefined where it has none or cannot have one. */
export function fileLabel(path: KernelPath): string | undefined {
  try {
    // libselinux counts the terminator in, others do not.
    return getXattr(path, ATTRIBUTE)?.toString().replace(/\0$/, '');
  } catch (error) {
    if (isUnsupported(error)) return undefined;
    throw error;
  }
}

/**
 * Labels a file itself, never a symlink's target. A file system that keeps no labels is fine: it has one for all files.
 * @throws KernelError
 */
export function setFileLabel(path: KernelPath, label: string): void {
  try {
    setXattr(path, ATTRIBUTE, Buffer.from(label));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

// `key = "value"`, one a line; comments begin with # or ;.
function assignments(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\s*([^#;=\s][^=]*?)\s*=\s*"?(.*?)"?\s*$/.exec(line);
    if (match !== null) values.set(match[1] ?? '', match[2] ?? '');
  }
  return values;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
