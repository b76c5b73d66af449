// Annotations written into config.json: who the container is, and what the handler's config lets through.
import type { LinuxContainerResources } from '../gen/runtime/v1/LinuxContainerResources.ts';

interface AnnotationFilter {
  readonly annotations: Readonly<Record<string, string>>;
  /** Patterns of names, `*` for any run of characters and `?` for one. */
  readonly allowed: readonly string[];
}

/** The annotations whose name matches a pattern. */
export function allowedAnnotations({ annotations, allowed }: AnnotationFilter): Record<string, string> {
  const patterns = allowed.map(toRegExp);
  return Object.fromEntries(
    Object.entries(annotations).filter(([name]) => patterns.some((pattern) => pattern.test(name))),
  );
}

function toRegExp(glob: string): RegExp {
  const escaped = glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

interface Identity {
  readonly sandboxId: string;
  readonly sandbox: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    /** Absolute; '' when the pod's logs are not kept. */
    readonly logDirectory: string;
  };
  /** undefined for the sandbox's own container. */
  readonly container: { readonly name: string; readonly imageName: string } | undefined;
}

/** The keys runtimes and node tools look for; containerd's names, which shims like gVisor's and Kata's parse. */
export function identityAnnotations({ sandboxId, sandbox, container }: Identity): Record<string, string> {
  return {
    'io.kubernetes.cri.container-type': container === undefined ? 'sandbox' : 'container',
    'io.kubernetes.cri.sandbox-id': sandboxId,
    'io.kubernetes.cri.sandbox-name': sandbox.name,
    'io.kubernetes.cri.sandbox-namespace': sandbox.namespace,
    'io.kubernetes.cri.sandbox-uid': sandbox.uid,
    ...(sandbox.logDirectory !== '' && { 'io.kubernetes.cri.sandbox-log-directory': sandbox.logDirectory }),
    ...(container && {
      'io.kubernetes.cri.container-name': container.name,
      'io.kubernetes.cri.image-name': container.imageName,
    }),
  };
}

/** How large a sandbox is to be that is a machine: the sum of its containers' limits, as the kubelet tells it. */
export function sizingAnnotations(resources: LinuxContainerResources | null): Record<string, string> {
  const { cpuQuota = '0', cpuPeriod = '0', memoryLimitInBytes = '0' } = resources ?? {};
  const named = {
    'io.kubernetes.cri.sandbox-cpu-quota': cpuQuota,
    'io.kubernetes.cri.sandbox-cpu-period': cpuPeriod,
    'io.kubernetes.cri.sandbox-memory': memoryLimitInBytes,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => Number(value) > 0));
}
