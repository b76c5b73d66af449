// The shim that a pod's containers share, where the pod has no sandbox task of its own: started in the pod's name when
// the first container needs it, and alive until the pod is stopped.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unavailable } from '../../errors.ts';
import { replaceFileSync } from '../../host/atomic-file.ts';
import type { Spec } from '../../oci/types.ts';
import type { ContainerRef } from '../driver.ts';
import { loadTask, saveTask } from './saved-task.ts';
import { shimFiles } from './shim-files.ts';
import type { ShimConnection, Shims } from './shims.ts';

const CONTAINER_TYPE = 'io.kubernetes.cri.container-type';
const SANDBOX_ID = 'io.kubernetes.cri.sandbox-id';

/** The place of the pod's shim for a container; undefined for a sandbox, and for a task without a pod. */
export function podOf(task: ContainerRef, annotations: Spec['annotations']): ContainerRef | undefined {
  const id = annotations[SANDBOX_ID];
  if (id === undefined || annotations[CONTAINER_TYPE] !== 'container') return undefined;
  // Bundles lie beside each other, and a pod's sandbox, if it has one, has the pod's id.
  return { id, bundle: join(dirname(task.bundle), id) };
}

/** The pod's shim, started when there is none. Calls for one pod must come one after another. */
export async function podShim(shims: Shims, pod: ContainerRef): Promise<ShimConnection> {
  const found = await shims.find(pod);
  if (found !== undefined) return found;
  const files = shimFiles(pod.bundle);
  if ((await loadTask(pod.bundle))?.isTask === true)
    throw unavailable(`the shim of pod sandbox "${pod.id}" has died, and its sandbox with it`);
  await mkdir(pod.bundle, { recursive: true, mode: 0o711 });
  if (!existsSync(files.config)) {
    // All that a shim looks at when it starts: by this it knows which tasks it is for.
    const annotations = { [CONTAINER_TYPE]: 'sandbox', [SANDBOX_ID]: pod.id };
    replaceFileSync(files.config, JSON.stringify({ ociVersion: '1.0.2', annotations }));
  }
  const place = { version: 1, shim: null, ownsShim: true, isTask: false, streams: null, exit: null } as const;
  saveTask(pod.bundle, place);
  const { connection } = await shims.start(pod);
  saveTask(pod.bundle, { ...place, shim: { socket: connection.socket, service: connection.service } });
  return connection;
}
