// RunPodSandbox: the ordered steps from a config to a ready pod, each with its undo.
import { withRollback } from '../async/rollback.ts';
import { DaemonError, errorMessage, failedPrecondition, withContext } from '../errors.ts';
import type { PodSandboxConfig } from '../gen/runtime/v1/PodSandboxConfig.ts';
import { bootId } from '../host/procfs.ts';
import { newId } from '../ids.ts';
import { checkSysctls } from '../oci/sysctl.ts';
import type { CreatedContainer } from '../runtime/driver.ts';
import { podHostname } from '../state/pod-files.ts';
import { planNamespaces, type NamespacePlan } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { userMappings } from '../state/user-namespaces.ts';
import { commit, type SandboxDeps } from './deps.ts';
import { attachNetwork, detachNetwork } from './network.ts';
import { findPauseImage } from './pause-rootfs.ts';
import { createPause, startPause, stopPause } from './pause.ts';
import { makePodFiles, removePodFiles } from './pod-files.ts';

export interface RunRequest {
  readonly config: PodSandboxConfig;
  /** As the RuntimeClass names it; '' is the default handler. */
  readonly runtimeHandler: string;
}

/**
 * Makes a pod sandbox and returns it ready.
 *
 * All or nothing: on failure every step is undone, newest first. What cannot be undone stays in a record that is not
 * ready, so that StopPodSandbox and RemovePodSandbox can finish the job.
 * @see CRI RuntimeService.RunPodSandbox
 */
export async function runSandbox(deps: SandboxDeps, request: RunRequest): Promise<SandboxRecord> {
  const plan = planNamespaces(request.config);
  const handler = deps.handlers.resolve(request.runtimeHandler);
  checkUserNamespace(request.config, handler.snapshot);
  if (plan.hostNetwork) checkHostNetwork(handler.snapshot);
  const id = newId();
  const log = deps.log.child({ sandboxId: id });
  let undone = true;
  let stage = 'finding its pause image';
  try {
    const needsPause = plan.sharedPid || handler.driver.features.sandboxProcess;
    // Before everything else: a pull may take long, and nothing should be held meanwhile.
    const pauseImage = needsPause ? await findPauseImage(deps) : undefined;
    return await withRollback(
      async (undo) => {
        stage = 'writing the record';
        let record = await deps.labels.allot(request.config, (selinux) =>
          commit(deps, {
            ...newRecord(deps, request, id, handler.snapshot),
            pauseImageId: pauseImage?.id ?? null,
            ...(selinux && { selinux }),
          }),
        );
        undo('delete the record', () => forget(deps, id, undone));
        stage = 'making its namespaces';
        // Plugins find what they made through the network namespace: while one still owes a DEL, it stays.
        undo('remove its namespaces', () => {
          if (undone) deps.namespaces.unpin(deps.layout.namespaces(id));
        });
        await pinNamespaces(deps, record, plan);
        stage = 'writing its files';
        undo('remove its files', () => removePodFiles(deps.layout.sandboxFiles(id)));
        makePodFiles(deps.layout, record, deps.settings.shmSizeBytes);
        undo('remove its cgroup', () => releaseCgroup(deps, record));
        makeCgroup(deps, record);
        if (!plan.hostNetwork) {
          // Intent first: a daemon that dies inside ADD still owes a DEL.
          record = await commit(deps, { ...record, networkAttached: true });
          undo('detach it from the network', () => detachNetwork(deps, record));
        }
        let creation: Promise<CreatedContainer> | undefined;
        if (needsPause) {
          undo('end its pause process', async () => {
            await creation?.catch(() => undefined);
            await stopPause(deps, record);
          });
          // While plugins work: it wants the namespace, but the network in it only when it starts.
          creation = createPause(deps, record, pauseImage);
          creation.catch(() => undefined);
        }
        if (!plan.hostNetwork) {
          stage = 'attaching it to the network';
          record = { ...record, ips: [...(await attachNetwork(deps, record))] };
        }
        if (creation !== undefined) {
          stage = 'starting its pause process';
          record = { ...record, pause: await creation };
          await startPause(deps, record);
        }
        stage = 'recording that it is ready';
        return commit(deps, { ...record, status: { phase: 'ready' } });
      },
      (what, error) => {
        undone = false;
        log.error({ step: what, err: error }, 'cannot undo a step of a failed pod sandbox');
      },
    );
  } catch (error) {
    throw explain(error, request.config, stage);
  }
}

function checkUserNamespace(config: PodSandboxConfig, { name, features }: SandboxRecord['handler']): void {
  if (features.userNamespaces || userMappings(config) === undefined) return;
  throw failedPrecondition(`runtime handler "${name}" does not support user namespaces: use hostUsers: true`);
}

// Without a network of its own such a pod would silently have none at all.
function checkHostNetwork({ name, features }: SandboxRecord['handler']): void {
  if (features.hostNetworkArgs !== null) return;
  throw failedPrecondition(
    `runtime handler "${name}" cannot have a pod on the host's network: use hostNetwork: false or another handler`,
  );
}

function explain(error: unknown, config: PodSandboxConfig, stage: string): DaemonError {
  const name = `${config.metadata?.namespace ?? ''}/${config.metadata?.name ?? ''}`;
  return withContext(`cannot run pod sandbox "${name}": ${stage}`, error);
}

function newRecord(
  deps: SandboxDeps,
  { config, runtimeHandler }: RunRequest,
  id: string,
  handler: SandboxRecord['handler'],
): SandboxRecord {
  const given = config.linux?.cgroupParent ?? '';
  if (given !== '') deps.cgroups.checkParent(given);
  const parent = given === '' ? ownCgroupParent(deps, id) : given;
  return {
    version: 1,
    id,
    runtimeHandler,
    handler,
    config,
    createdAt: deps.now().toString(),
    bootId: bootId(),
    status: { phase: 'creating' },
    cgroupParent: parent,
    ownsCgroup: given === '',
    ips: [],
    networkAttached: false,
    pause: null,
    pauseImageId: null,
    updatedResources: null,
  };
}

// A cgroup of the pod's own, so that each pod can be measured and limited.
function ownCgroupParent({ cgroups, settings }: SandboxDeps, id: string): string {
  const base = settings.defaultCgroupParent;
  if (base === '') return cgroups.podParent('', id);
  return cgroups.driver === 'systemd' ? base.replace(/\.slice$/, `-pod${id}.slice`) : `${base}/pod${id}`;
}

async function forget(deps: SandboxDeps, id: string, undone: boolean): Promise<void> {
  if (undone) {
    await deps.records.delete(id);
    deps.index.delete(id);
    return;
  }
  const reason = 'its creation failed and could not be undone';
  await commit(deps, { ...deps.index.get(id), status: { phase: 'not-ready', reason } });
}

async function pinNamespaces(deps: SandboxDeps, record: SandboxRecord, plan: NamespacePlan): Promise<void> {
  const wanted = checkSysctls(record.config.linux?.sysctls ?? {}, {
    podNet: !plan.hostNetwork,
    podIpc: !plan.hostIpc,
  });
  const user = userMappings(record.config);
  if (plan.pinned.length === 0 && user === undefined) return;
  await deps.namespaces.pin({
    directory: deps.layout.namespaces(record.id),
    kinds: plan.pinned,
    user,
    ...(plan.pinned.includes('uts') ? { hostname: podHostname(record.config) } : {}),
    sysctls: wanted,
  });
}

function makeCgroup(deps: SandboxDeps, record: SandboxRecord): void {
  if (!record.ownsCgroup) return;
  try {
    deps.cgroups.ensure(deps.cgroups.podPath(record.cgroupParent));
  } catch (error) {
    throw withContext(`cannot make cgroup "${record.cgroupParent}"`, new DaemonError('internal', errorMessage(error)));
  }
}

/** Removes the pod's cgroup when it is ours. May be repeated. */
export async function releaseCgroup(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  if (record.ownsCgroup) await deps.cgroups.remove(deps.cgroups.podPath(record.cgroupParent));
}
