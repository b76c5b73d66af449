// Container records as CRI messages.
import type { ContainerStatusInput } from '../../gen/runtime/v1/ContainerStatus.ts';
import type { ImageSpecInput } from '../../gen/runtime/v1/ImageSpec.ts';
import type { Mount, MountInput } from '../../gen/runtime/v1/Mount.ts';
import { signalName } from '../../oci/signals.ts';
import type { ContainerRecord } from '../../state/container-record.ts';
import { containerState, containerStateName } from './wire-enums.ts';

function imageSpec(record: ContainerRecord): ImageSpecInput {
  const spec = record.config.image;
  const named = spec?.userSpecifiedImage ?? '';
  return { ...spec, image: named === '' ? (spec?.image ?? '') : named };
}

/** A list item, in the form that is encoded directly: enums are numbers. */
export function toContainerItem(record: ContainerRecord): object {
  return {
    id: record.id,
    podSandboxId: record.sandboxId,
    metadata: record.config.metadata,
    image: imageSpec(record),
    // In lists both are the id: clients from before image_id find images in use by it.
    imageRef: record.imageId,
    imageId: record.imageId,
    state: containerState(record),
    createdAt: record.createdAt,
    labels: record.config.labels,
    annotations: record.config.annotations,
  };
}

// The kubelet reads from the status which image a volume really is.
function toMount({ imageVolumes }: ContainerRecord, mount: Mount): MountInput {
  if (mount.image === null) return mount;
  const volume = imageVolumes.find(({ reference }) => reference === mount.image?.image);
  return volume === undefined ? mount : { ...mount, image: { ...mount.image, imageRef: volume.imageRef } };
}

/** The full status of a container. Times that were not reached are 0. */
export function toContainerStatus(record: ContainerRecord): ContainerStatusInput {
  const { status, user } = record;
  return {
    id: record.id,
    metadata: record.config.metadata,
    state: containerStateName(record),
    createdAt: record.createdAt,
    startedAt: status.phase === 'running' || status.phase === 'exited' ? status.startedAt : '0',
    ...(status.phase === 'exited'
      ? { finishedAt: status.finishedAt, exitCode: status.exitCode, reason: status.reason, message: status.message }
      : {}),
    image: imageSpec(record),
    imageRef: record.imageRef,
    imageId: record.imageId,
    labels: record.config.labels,
    annotations: record.config.annotations,
    mounts: record.config.mounts.map((mount) => toMount(record, mount)),
    logPath: record.logPath ?? '',
    resources: record.resources === null ? null : { linux: record.resources },
    user: { linux: { uid: user.uid, gid: user.gid, supplementalGroups: user.groups } },
    stopSignal: signalName(record.stopSignal),
  };
}
