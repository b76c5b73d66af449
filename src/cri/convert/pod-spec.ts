// What a pod gives its containers, in the form of an OCI spec: where tools look for the path of its network namespace.
import { identityAnnotations } from '../../oci/annotations.ts';
import type { Layout } from '../../state/layout.ts';
import { podNamespaces } from '../../state/pod-namespaces.ts';
import type { SandboxRecord } from '../../state/sandbox-record.ts';

/** The part of an OCI spec that is a pod's own: there may be no process that has the rest. */
export function toPodSpec(layout: Layout, record: SandboxRecord): object {
  const { metadata, hostname, linux } = record.config;
  const { network, ipc, uts, user } = podNamespaces(layout, record);
  const pinned = Object.entries({ network, ipc, uts, user: user ?? 'host' })
    .filter(([, choice]) => choice !== 'host')
    .map(([type, choice]) => ({ type, path: (choice as { path: string }).path }));
  const { name = '', namespace = '', uid = '' } = metadata ?? {};
  return {
    ...(hostname !== '' && { hostname }),
    annotations: identityAnnotations({
      sandboxId: record.id,
      sandbox: { name, namespace, uid, logDirectory: record.config.logDirectory },
      container: undefined,
    }),
    linux: { namespaces: pinned, sysctl: linux?.sysctls ?? {} },
  };
}
