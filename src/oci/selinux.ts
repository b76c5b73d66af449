// SELinux labels of pods and containers: the policy's own, with what the CRI asks for in their place.
import { failedPrecondition, invalidArgument } from '../errors.ts';
import type { SELinuxOption } from '../gen/runtime/v1/SELinuxOption.ts';
import type { SelinuxPolicy } from '../host/selinux.ts';

/** What the label of a runtime's processes is: that of any container, that of a virtual machine, or none at all. */
export type SelinuxKind = 'container' | 'vm' | 'none';

/** Of a pod, and of its containers as long as they ask for nothing else. */
export interface SelinuxLabels {
  readonly process: string;
  /** Of files. */
  readonly mount: string;
}

/** Of one container. */
export interface ContainerLabels {
  /** undefined: the runtime is told of none, and the process has what the policy makes of it. */
  readonly process?: string;
  /** Of files. */
  readonly mount: string;
  /** Whether volumes may be relabelled for it: not for a container that SELinux does not confine anyway. */
  readonly relabels: boolean;
}

/** What the host knows of SELinux. */
export interface SelinuxFacts {
  /** undefined: pods and containers have no labels. */
  readonly selinux?: SelinuxPolicy | undefined;
  /** undefined: the kernel does not say. */
  readonly isSelinuxLabelKnown?: (label: string) => boolean | undefined;
}

interface ContainerRequest {
  /** The pod's; undefined when it has none. */
  readonly pod: SelinuxLabels | undefined;
  readonly options: SELinuxOption | null;
  readonly privileged: boolean;
  readonly kind: SelinuxKind;
}

const UNCONFINED_TYPE = 'spc_t';

/**
 * The labels of a pod; undefined where there are none. Privileged pods have them too, for their other containers.
 * @param newLevel called when the pod does not name a level and the policy has levels
 * @throws invalid-argument, failed-precondition for a label that the policy does not have
 */
export function podLabels(
  facts: SelinuxFacts,
  options: SELinuxOption | null,
  newLevel: () => string,
): SelinuxLabels | undefined {
  const { selinux } = facts;
  if (selinux === undefined) return undefined;
  checkOptions(options);
  const asked = options?.level ?? '';
  const level = asked !== '' || levelOf(selinux.process) === '' ? asked : newLevel();
  return known(facts, options, override({ process: selinux.process, mount: selinux.file }, options, level));
}

/**
 * The labels of a container: its pod's, with the parts it names itself. A privileged one is told no label for its
 * process, as with containerd; its files have one.
 * @throws invalid-argument, failed-precondition for a label that the policy does not have
 */
export function containerLabels(
  facts: SelinuxFacts,
  { pod, options, privileged, kind }: ContainerRequest,
): ContainerLabels | undefined {
  const { selinux } = facts;
  // A pod without labels was made without SELinux, or by a daemon that gave them to those who asked.
  if (selinux === undefined || (pod === undefined && options === null)) return undefined;
  checkOptions(options);
  const base = pod ?? { process: selinux.process, mount: selinux.file };
  const { process, mount } = known(facts, options, override(base, options, options?.level ?? ''));
  const relabels = !privileged && typeOf(process) !== UNCONFINED_TYPE;
  if (privileged || kind === 'none') return { mount, relabels };
  return { process: kind === 'vm' ? withType(process, typeOf(selinux.vmProcess)) : process, mount, relabels };
}

/** The level of a label, with its categories; '' where it has none. */
export function levelOf(label: string): string {
  return split(label)[3];
}

function typeOf(label: string): string {
  return split(label)[2];
}

function split(label: string): [user: string, role: string, type: string, level: string] {
  const [user = '', role = '', type = '', ...level] = label.split(':');
  return [user, role, type, level.join(':')];
}

function join(...[user, role, type, level]: ReturnType<typeof split>): string {
  return [user, role, type, ...(level === '' ? [] : [level])].join(':');
}

function withType(label: string, type: string): string {
  const [user, role, , level] = split(label);
  return join(user, role, type, level);
}

// Files have the user and the level of those who may use them; their role and type are the policy's.
function override(base: SelinuxLabels, options: SELinuxOption | null, level: string): SelinuxLabels {
  const { user = '', role = '', type = '' } = options ?? {};
  const ofProcess = split(base.process);
  const ofFiles = split(base.mount);
  return {
    process: join(user || ofProcess[0], role || ofProcess[1], type || ofProcess[2], level || ofProcess[3]),
    mount: join(user || ofFiles[0], ofFiles[1], ofFiles[2], level || ofFiles[3]),
  };
}

function known(facts: SelinuxFacts, options: SELinuxOption | null, labels: SelinuxLabels): SelinuxLabels {
  if (options === null) return labels;
  for (const label of [labels.process, labels.mount]) {
    if (facts.isSelinuxLabelKnown?.(label) !== false) continue;
    throw failedPrecondition(`the SELinux policy of this host has no label "${label}": see seLinuxOptions of the pod`);
  }
  return labels;
}

const CATEGORIES = 'c\\d{1,4}(?:\\.c\\d{1,4})?';
const SENSITIVITY = `s\\d{1,2}(?::${CATEGORIES}(?:,${CATEGORIES})*)?`;
const LEVEL = new RegExp(`^${SENSITIVITY}(?:-${SENSITIVITY})?$`);

function checkOptions(options: SELinuxOption | null): void {
  const { user = '', role = '', type = '', level = '' } = options ?? {};
  for (const [name, value] of Object.entries({ user, role, type })) {
    if (!/^[\w.-]*$/.test(value)) throw invalidArgument(`the SELinux ${name} ${JSON.stringify(value)} is not a name`);
  }
  if (level === '' || LEVEL.test(level)) return;
  throw invalidArgument(`the SELinux level ${JSON.stringify(level)} is not one: write it like "s0:c123,c456"`);
}
