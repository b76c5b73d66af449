// The pause process: only where something must hold a pid namespace open, or where the sandbox is itself a process.
import { mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import type { ImageRecord } from '../image/service.ts';
import { buildPauseSpec } from '../oci/pause-spec.ts';
import { containerLabels } from '../oci/selinux.ts';
import { resolveUser } from '../oci/user.ts';
import { unmountBundleRootfs } from '../runtime/bundle-rootfs.ts';
import type { ContainerRef, CreatedContainer } from '../runtime/driver.ts';
import { podHostname } from '../state/pod-files.ts';
import { podNamespaces } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { SandboxDeps } from './deps.ts';
import { preparePauseRootfs } from './pause-rootfs.ts';

const SIGKILL = 9;

/** The driver's name for a pod's pause container: the pod's own id. */
export function pauseRef(deps: Pick<SandboxDeps, 'layout'>, sandboxId: string): ContainerRef {
  return { id: sandboxId, bundle: deps.layout.bundle(sandboxId) };
}

/**
 * Creates a pod's pause process; `startPause` lets it run.
 * @param image from `findPauseImage`
 */
export async function createPause(
  deps: SandboxDeps,
  record: SandboxRecord,
  image: ImageRecord | undefined,
): Promise<CreatedContainer> {
  const driver = deps.handlers.driverOf(record);
  const ref = pauseRef(deps, record.id);
  const security = record.config.linux?.securityContext ?? null;
  await mkdir(ref.bundle, { recursive: true, mode: 0o711 });
  const rootfs = await preparePauseRootfs(deps, record, image);
  const spec = buildPauseSpec({
    sandbox: record.config,
    sandboxId: record.id,
    rootfsPath: rootfs.path,
    args: rootfs.args,
    hostname: podHostname(record.config),
    namespaces: { ...podNamespaces(deps.layout, record), pid: 'new' },
    cgroupsPath: deps.cgroups.containerPath(record.cgroupParent, record.id).ociPath,
    user: resolveUser(rootfs.accounts, security, rootfs.user),
    files: { resolvConf: undefined, hosts: undefined, hostname: undefined, shm: undefined },
    seccompProfile: await deps.seccomp.load(security, record.handler.seccompProfile),
    selinux: containerLabels(deps.host, {
      pod: record.selinux,
      options: null,
      privileged: security?.privileged ?? false,
      kind: record.handler.features.selinux,
    }),
    host: { ...deps.host, hostDevices: [] },
    handler: { podAnnotations: record.handler.annotations, sandboxProcess: driver.features.sandboxProcess },
  });
  return driver.create({ ...ref, spec, logPath: undefined, stdin: false, stdinOnce: false });
}

export async function startPause(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  await deps.handlers.driverOf(record).start(pauseRef(deps, record.id));
}

/** Ends a pod's pause process and removes its remains. May be repeated. */
export async function stopPause(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  const ref = pauseRef(deps, record.id);
  if (record.pause === null && !existsSync(ref.bundle) && !deps.rootfs.has(record.id)) return;
  const driver = deps.handlers.driverOf(record);
  await driver.kill(ref, SIGKILL, 'all');
  await driver.delete(ref);
  await deps.rootfs.release(record.id);
  unmountBundleRootfs(ref.bundle);
  await rm(ref.bundle, { recursive: true, force: true });
  await deps.cgroups.remove(deps.cgroups.containerPath(record.cgroupParent, record.id).path);
}
