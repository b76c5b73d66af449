// Adopts the containers a former daemon left: the record says what was intended, the runtime says what is.
import { sleep, withTimeout } from '../async/timeout.ts';
import { errorMessage } from '../errors.ts';
import { bootId } from '../host/procfs.ts';
import type { CreatedContainer, RuntimeDriver } from '../runtime/driver.ts';
import type { ContainerRecord } from '../state/container-record.ts';
import { commit, driverFor, refOf, type ContainerDeps } from './deps.ts';
import type { ExitMonitor } from './exit-monitor.ts';
import { releaseContainer } from './release.ts';
import { nextStatus } from './status-machine.ts';

type RuntimeState = Awaited<ReturnType<RuntimeDriver['state']>>;

const LIMIT_MS = 10_000;
/** How long recovery waits for exits that happened meanwhile to be applied. */
const EXITS_MS = 500;

/** Recovers every container; one that fails is logged and listed as its record says. */
export async function recoverContainers(
  deps: ContainerDeps,
  monitor: ExitMonitor,
  records: readonly ContainerRecord[],
): Promise<void> {
  for (const record of records) deps.index.set(record);
  const hasEnded = await Promise.all(
    records.map((record) =>
      withTimeout(recoverOne(deps, monitor, record), LIMIT_MS, `recovering container "${record.id}"`).catch(
        (error: unknown) => {
          deps.log.error({ containerId: record.id, err: error }, 'cannot recover a container');
          return false;
        },
      ),
    ),
  );
  const exits = records.filter((_, index) => hasEnded[index]).map(({ id }) => monitor.exited(id));
  await Promise.race([Promise.all(exits), sleep(EXITS_MS)]);
}

/** Whether the container ended meanwhile, so that its exit is about to be applied. */
async function recoverOne(deps: ContainerDeps, monitor: ExitMonitor, record: ContainerRecord): Promise<boolean> {
  const { status } = record;
  if (status.phase === 'exited') return false;
  if (status.phase === 'creating') {
    await undoHalfMade(deps, record);
    return false;
  }
  if (deps.sandboxes.get(record.sandboxId).bootId !== bootId()) {
    await markLost(deps, record);
    return false;
  }
  const state = await stateOf(deps, record);
  if (status.phase === 'created' && state === 'running') await adoptStarted(deps, record, status.processes);
  monitor.watch(record, status.processes);
  return state === 'stopped' || state === 'absent' || state === 'unknown';
}

// A runtime that cannot be asked, as when it was uninstalled, is no reason to lose sight of the container.
async function stateOf(deps: ContainerDeps, record: ContainerRecord): Promise<RuntimeState | 'unknown'> {
  try {
    return await driverFor(deps, record).state(refOf(deps, record.id));
  } catch (error) {
    deps.log.warn({ containerId: record.id, reason: errorMessage(error) }, 'the runtime does not tell of a container');
    return 'unknown';
  }
}

// The daemon died between the runtime's start and the record of it.
async function adoptStarted(deps: ContainerDeps, record: ContainerRecord, processes: CreatedContainer): Promise<void> {
  deps.log.info({ containerId: record.id, pid: processes.init.pid }, 'container was started as the daemon ended');
  await commit(deps, { ...record, status: nextStatus(record.status, { type: 'started', at: deps.now() }) });
}

async function markLost(deps: ContainerDeps, record: ContainerRecord): Promise<void> {
  const exit = { exitCode: 255, finishedAt: deps.now(), oomKilled: false, known: false };
  await commit(deps, { ...record, status: nextStatus(record.status, { type: 'exited', exit }) });
  deps.log.warn({ containerId: record.id }, 'container ended with the last boot of this host');
}

async function undoHalfMade(deps: ContainerDeps, record: ContainerRecord): Promise<void> {
  await releaseContainer(deps, record);
  deps.index.delete(record.id);
  deps.log.warn({ containerId: record.id, sandboxId: record.sandboxId }, 'undid a container that was half made');
}
