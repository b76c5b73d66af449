// The files every container of a pod is given: resolv.conf, hosts, hostname, and the shared memory mount.
import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DNSConfig } from '../gen/runtime/v1/DNSConfig.ts';
import { contextOptions, makeMount, removeMount } from '../host/mounts.ts';
import { setFileLabel } from '../host/selinux.ts';
import type { Layout } from '../state/layout.ts';
import { podFiles, podHostname } from '../state/pod-files.ts';
import { planNamespaces, podOwner } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';

/** The text of a pod's resolv.conf; the node's own when the pod says nothing about DNS. */
export function resolvConf(dns: DNSConfig | null): string {
  if (dns === null) return readIfAny('/etc/resolv.conf');
  return [
    ...(dns.searches.length > 0 ? [`search ${dns.searches.join(' ')}`] : []),
    ...dns.servers.map((server) => `nameserver ${server}`),
    ...(dns.options.length > 0 ? [`options ${dns.options.join(' ')}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Writes a pod's files and mounts its shared memory, with the pod's SELinux label where it has one. */
export function makePodFiles(
  layout: Layout,
  sandbox: Pick<SandboxRecord, 'id' | 'config' | 'selinux'>,
  shmSizeBytes: number,
): void {
  const { config } = sandbox;
  const files = podFiles(layout, sandbox);
  mkdirSync(layout.sandboxFiles(sandbox.id), { recursive: true, mode: 0o711 });
  writeFileSync(files.resolvConf, resolvConf(config.dnsConfig), { mode: 0o644 });
  writeFileSync(files.hosts, readIfAny('/etc/hosts'), { mode: 0o644 });
  writeFileSync(files.hostname, `${podHostname(config)}\n`, { mode: 0o644 });
  const owner = podOwner(layout, sandbox);
  const label = sandbox.selinux?.mount;
  for (const path of [files.resolvConf, files.hosts, files.hostname]) {
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
    if (label !== undefined) setFileLabel(path, label);
  }
  if (planNamespaces(config).hostIpc) return;
  mkdirSync(files.shm, { recursive: true });
  const owned = owner === undefined ? [] : [`uid=${owner.uid}`, `gid=${owner.gid}`];
  makeMount({
    type: 'tmpfs',
    source: 'shm',
    target: files.shm,
    options: ['nosuid', 'nodev', 'noexec', 'mode=1777', `size=${shmSizeBytes}`, ...owned, ...contextOptions(label)],
  });
}

/** Removes a pod's files and its shared memory. May be repeated. */
export function removePodFiles(directory: string): void {
  removeMount(join(directory, 'shm'));
  rmSync(directory, { recursive: true, force: true });
}
