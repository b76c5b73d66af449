// CreateContainer: the ordered steps from a config to a container that is ready to start, each with its undo.
import { mkdir, rm } from 'node:fs/promises';
import { withRollback } from '../async/rollback.ts';
import { errorMessage, failedPrecondition, invalidArgument, notFound, withContext } from '../errors.ts';
import type { ContainerConfig } from '../gen/runtime/v1/ContainerConfig.ts';
import type { ImageRecord } from '../image/service.ts';
import { newId } from '../ids.ts';
import { containerLabels } from '../oci/selinux.ts';
import { stopSignal } from '../oci/signals.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { podOwner } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { checkSameUserNamespace } from '../state/user-namespaces.ts';
import { commit, refOf, type ContainerDeps } from './deps.ts';
import { checkMemoryLimit } from './memory-limit.ts';
import { containerLogPath } from './log-path.ts';
import { composeSpec } from './compose-spec.ts';
import { findImageVolumes } from './image-mounts.ts';
import { nextStatus } from './status-machine.ts';

/**
 * Makes a container in a ready pod. All or nothing: on failure every step is undone, newest first.
 * @throws not-found for an unknown pod or image; failed-precondition when the pod is not ready; invalid-argument for a
 *   config the CRI does not allow
 * @see CRI RuntimeService.CreateContainer
 */
export async function createContainer(
  deps: ContainerDeps,
  sandboxId: string,
  config: ContainerConfig,
): Promise<ContainerRecord> {
  const name = config.metadata?.name ?? '';
  if (name === '') throw invalidArgument('the container config has no metadata with a name');
  const sandbox = deps.sandboxes.get(sandboxId);
  checkMemoryLimit(sandbox, Number(config.linux?.resources?.memoryLimitInBytes ?? 0));
  const image = findImage(deps, config);
  const id = newId();
  try {
    const labels = labelsOf(deps, sandbox, config);
    return await withRollback(
      async (undo) => {
        // Registered in the same turn as the check, so that a stopping pod either refuses it or stops it.
        requireReady(sandbox);
        checkSameUserNamespace(sandbox.config, config.linux?.securityContext?.namespaceOptions?.usernsOptions ?? null);
        const draft = newRecord(deps, sandbox, config, image, id);
        deps.index.set(draft);
        undo('delete the record', async () => {
          await deps.records.delete(id);
          deps.index.delete(id);
        });
        await deps.records.save(draft);
        undo('release the root file system', () => deps.rootfs.release(id));
        const rootfs = await deps.rootfs.prepare(id, image.layers, podOwner(deps.layout, sandbox), labels?.mount);
        undo('unmount the image volumes', () => deps.imageVolumes.release(id));
        undo('remove the bundle', () => rm(deps.layout.bundle(id), { recursive: true, force: true }));
        await mkdir(deps.layout.bundle(id), { recursive: true, mode: 0o711 });
        const request = { record: draft, sandbox, image, rootfsPath: rootfs.path, labels };
        const { spec, user } = await composeSpec(deps, request);
        undo('remove the cgroup', () => deps.cgroups.remove(draft.cgroupPath));
        const driver = deps.driverOf(sandbox);
        const processes = await driver.create({
          ...refOf(deps, id),
          spec,
          logPath: draft.logPath ?? undefined,
          stdin: config.stdin,
          stdinOnce: config.stdinOnce,
        });
        undo('delete the container', () => driver.delete(refOf(deps, id)));
        requireReady(deps.sandboxes.get(sandboxId));
        const status = nextStatus(draft.status, { type: 'created', processes });
        const groups = [...user.additionalGids];
        return commit(deps, { ...draft, status, user: { uid: user.uid, gid: user.gid, groups } });
      },
      (step, error) => deps.log.error({ containerId: id, step, err: error }, 'cannot undo a step of a failed create'),
    );
  } catch (error) {
    throw withContext(`cannot create container "${name}" in pod sandbox "${sandboxId}"`, error);
  }
}

function labelsOf({ host }: ContainerDeps, sandbox: SandboxRecord, config: ContainerConfig) {
  const security = config.linux?.securityContext;
  return containerLabels(host, {
    pod: sandbox.selinux,
    options: security?.selinuxOptions ?? null,
    privileged: security?.privileged ?? false,
    kind: sandbox.handler.features.selinux,
  });
}

function requireReady(sandbox: SandboxRecord): void {
  if (sandbox.status.phase === 'ready') return;
  const why = sandbox.status.phase === 'not-ready' ? sandbox.status.reason : sandbox.status.phase;
  throw failedPrecondition(`pod sandbox "${sandbox.id}" is not ready: ${why}`);
}

function findImage(deps: ContainerDeps, config: ContainerConfig): ImageRecord {
  const reference = config.image?.image ?? '';
  if (reference === '') throw invalidArgument('the container config names no image');
  const image = deps.images.find(reference);
  if (image === undefined) throw notFound('image', reference);
  if (image.artifactType !== '') {
    const what = `image "${reference}" is an artifact of type "${image.artifactType}"`;
    throw failedPrecondition(`${what}: it can be mounted into a container, but holds no program to run`);
  }
  const written = config.image?.userSpecifiedImage ?? '';
  deps.images.requireTrusted(image, written === '' ? reference : written);
  return image;
}

function newRecord(
  deps: ContainerDeps,
  sandbox: SandboxRecord,
  config: ContainerConfig,
  image: ImageRecord,
  id: string,
): ContainerRecord {
  return {
    version: 1,
    id,
    sandboxId: sandbox.id,
    config,
    createdAt: deps.now().toString(),
    status: { phase: 'creating' },
    imageId: image.id,
    imageRef: image.repoDigests[0] ?? image.id,
    layers: [...image.layers],
    imageVolumes: findImageVolumes(deps.images, config),
    cgroupPath: deps.cgroups.containerPath(sandbox.cgroupParent, id).path,
    logPath: containerLogPath(sandbox.config.logDirectory, config.logPath),
    user: { uid: 0, gid: 0, groups: [] },
    stopSignal: wantedSignal(deps, config, image),
    resources: config.linux?.resources ?? null,
  };
}

function wantedSignal(deps: ContainerDeps, config: ContainerConfig, image: ImageRecord): number {
  try {
    return stopSignal(config.stopSignal, image.config.stopSignal);
  } catch (error) {
    deps.log.warn(
      { image: image.id, reason: errorMessage(error) },
      'stop signal of an image is unknown; using SIGTERM',
    );
    return stopSignal(config.stopSignal, '');
  }
}
