// Gathers what the spec of a container depends on, from the pod, the image and the host, and has it built.
import { chownSync, mkdirSync } from 'node:fs';
import { failedPrecondition } from '../errors.ts';
import { listMounts } from '../host/mounts.ts';
import type { NamespaceOption } from '../gen/runtime/v1/NamespaceOption.ts';
import type { ImageRecord } from '../image/service.ts';
import { overBase } from '../oci/base-spec.ts';
import { applyCdiEdits } from '../oci/cdi/apply-edits.ts';
import { requestedCdiDevices } from '../oci/cdi/names.ts';
import { buildContainerSpec } from '../oci/container-spec.ts';
import type { NamespaceChoices } from '../oci/namespaces.ts';
import type { ContainerLabels } from '../oci/selinux.ts';
import type { Spec } from '../oci/types.ts';
import { resolveUser, type ResolvedUser } from '../oci/user.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { podFiles, podHostname } from '../state/pod-files.ts';
import { podNamespaces, podOwner, type PodOwner } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import type { ContainerDeps } from './deps.ts';
import { findCdiEdits } from './cdi-devices.ts';
import { coverPaths } from './cover-paths.ts';
import { findDevices, listHostDevices } from './host-devices.ts';
import { resolveMounts } from './host-mounts.ts';
import { readInRoot, resolveInRoot } from './rootfs-path.ts';

interface SpecRequest {
  readonly record: ContainerRecord;
  readonly sandbox: SandboxRecord;
  readonly image: ImageRecord;
  /** The container's root file system, mounted. */
  readonly rootfsPath: string;
  readonly labels: ContainerLabels | undefined;
}

/** The config.json of a container, and the user its process runs as. */
export async function composeSpec(
  deps: ContainerDeps,
  { record, sandbox, image, rootfsPath, labels }: SpecRequest,
): Promise<{ spec: Spec; user: ResolvedUser }> {
  const { config } = record;
  const security = config.linux?.securityContext ?? null;
  const user = resolveUser(
    { passwd: readInRoot(rootfsPath, '/etc/passwd'), group: readInRoot(rootfsPath, '/etc/group') },
    security,
    image.config.user,
  );
  const { handler } = sandbox;
  const allDevices = security?.privileged === true && !handler.privilegedWithoutHostDevices;
  const cdiEdits = await findCdiEdits(requestedCdiDevices(config));
  const features = {
    recursiveReadOnlyMounts: handler.features.recursiveReadOnlyMounts,
    idMappedMounts: handler.features.userNamespaces,
  };
  const owner = podOwner(deps.layout, sandbox);
  // An image's volumes are directories of the container itself, as CRI-O has them.
  for (const volume of image.config.volumes) makeVolume(rootfsPath, volume, owner);
  const spec = buildContainerSpec({
    container: config,
    sandbox: sandbox.config,
    sandboxId: sandbox.id,
    image: image.config,
    rootfsPath,
    user,
    hostname: podHostname(sandbox.config),
    namespaces: chooseNamespaces(deps, record, sandbox),
    cgroupsPath: deps.cgroups.containerPath(sandbox.cgroupParent, record.id).ociPath,
    files: podFiles(deps.layout, sandbox),
    mounts: await resolveMounts(deps, record, features, { owner, labels }),
    devices: findDevices(config.devices),
    seccompProfile: await deps.seccomp.load(security, handler.seccompProfile),
    selinux: labels,
    host: { ...deps.host, hostDevices: allDevices ? listHostDevices() : [] },
    handler: {
      privilegedWithoutHostDevices: handler.privilegedWithoutHostDevices,
      podAnnotations: handler.annotations,
      containerAnnotations: handler.annotations,
    },
    defaults: deps.settings.specDefaults,
  });
  const based = handler.baseSpec === null ? spec : overBase(spec, await deps.baseSpecs.of(handler.baseSpec));
  const whole = handler.features.obeysPathRules
    ? based
    : coverPaths(based, deps.layout.bundle(record.id), mountPoints());
  // Last, so that a device's vendor has the final word.
  return { spec: applyCdiEdits(whole, cdiEdits), user };
}

function mountPoints(): string[] {
  return listMounts().map(({ target }) => target);
}

function makeVolume(rootfsPath: string, volume: string, owner: PodOwner | undefined): void {
  const path = resolveInRoot(rootfsPath, volume);
  const first = mkdirSync(path, { recursive: true });
  if (first !== undefined && owner !== undefined) chownSync(path, owner.uid, owner.gid);
}

function chooseNamespaces(deps: ContainerDeps, record: ContainerRecord, sandbox: SandboxRecord): NamespaceChoices {
  const pod = podNamespaces(deps.layout, sandbox);
  const options = record.config.linux?.securityContext?.namespaceOptions ?? null;
  return { ...pod, pid: pidNamespace(deps, options, sandbox) };
}

function pidNamespace(
  deps: ContainerDeps,
  options: NamespaceOption | null,
  sandbox: SandboxRecord,
): NamespaceChoices['pid'] {
  switch (options?.pid ?? 'POD') {
    case 'NODE':
      return 'host';
    case 'CONTAINER':
      return 'new';
    case 'TARGET':
      return { path: `/proc/${targetPid(deps, options?.targetId ?? '', sandbox)}/ns/pid` };
    case 'POD':
      return sandbox.pause === null ? 'new' : { path: `/proc/${sandbox.pause.init.pid}/ns/pid` };
  }
}

function targetPid(deps: ContainerDeps, targetId: string, sandbox: SandboxRecord): number {
  const target = deps.index.get(targetId);
  if (target.sandboxId !== sandbox.id) {
    throw failedPrecondition(`target container "${targetId}" is in another pod sandbox, "${target.sandboxId}"`);
  }
  if (target.status.phase !== 'running') {
    throw failedPrecondition(`target container "${targetId}" is in state "${target.status.phase}", not running`);
  }
  return target.status.processes.init.pid;
}
