// Adopts the sandboxes a former daemon left: finishes or undoes what was under way, keeps what stands.
import { withTimeout } from '../async/timeout.ts';
import { errorMessage } from '../errors.ts';
import { isPinnedNamespace } from '../host/pinned-namespace.ts';
import { bootId } from '../host/procfs.ts';
import { planNamespaces } from '../state/pod-namespaces.ts';
import type { SandboxRecord } from '../state/sandbox-record.ts';
import { commit, type SandboxDeps } from './deps.ts';
import { removeSandbox } from './stop.ts';

const LIMIT_MS = 30_000;

/** Recovers every sandbox; one that fails is logged and stays, not ready, for kubelet to remove. */
export async function recoverSandboxes(deps: SandboxDeps, records: readonly SandboxRecord[]): Promise<void> {
  for (const record of records) deps.index.set(record);
  await Promise.all(
    records.map((record) =>
      withTimeout(recoverOne(deps, record), LIMIT_MS, `recovering pod sandbox "${record.id}"`).catch((error: unknown) =>
        deps.log.error({ sandboxId: record.id, err: error }, 'cannot recover a pod sandbox'),
      ),
    ),
  );
}

async function recoverOne(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  if (record.status.phase === 'creating') {
    await undoHalfMade(deps, record);
    return;
  }
  if (record.status.phase === 'not-ready') return;
  const lost = whatIsLost(deps, record);
  if (lost === undefined) return;
  deps.log.warn({ sandboxId: record.id, reason: lost }, 'pod sandbox is not ready any more');
  await commit(deps, { ...record, status: { phase: 'not-ready', reason: lost } });
}

function whatIsLost(deps: SandboxDeps, record: SandboxRecord): string | undefined {
  if (record.bootId !== bootId()) return 'the host was booted again';
  const directory = deps.layout.namespaces(record.id);
  const missing = planNamespaces(record.config).pinned.find((kind) => !isPinnedNamespace(`${directory}/${kind}`));
  return missing === undefined ? undefined : `its ${missing} namespace is gone`;
}

// No container can have been made in it: its id was never handed out.
async function undoHalfMade(deps: SandboxDeps, record: SandboxRecord): Promise<void> {
  try {
    await removeSandbox(deps, record.id);
    deps.log.warn({ sandboxId: record.id }, 'undid a pod sandbox that was half made');
  } catch (error) {
    const reason = `half made and cannot be undone yet: ${errorMessage(error)}`;
    await commit(deps, { ...deps.index.get(record.id), status: { phase: 'not-ready', reason } });
  }
}
