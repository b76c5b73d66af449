// crisol's own service beside the CRI: pulls that show their progress, and archives from disk.
import type grpc from '@grpc/grpc-js';
import type { AdminHandlers } from '../gen/crisol/v1/Admin.ts';
import type { PullImageRequest } from '../gen/crisol/v1/PullImageRequest.ts';
import type { PullProgressInput } from '../gen/crisol/v1/PullProgress.ts';
import { DaemonError } from '../errors.ts';
import type { LayerProgress } from '../image/service.ts';
import type { UnaryTable } from '../rpc/service.ts';
import { toStatus } from '../rpc/status.ts';
import type { RpcDeps } from '../rpc/unary.ts';
import { requiredText } from './check-request.ts';
import type { CriDeps } from './deps.ts';

export function adminRpcs(deps: CriDeps): UnaryTable<AdminHandlers> {
  return {
    ImportImage: async ({ path, names }) => {
      const images = await deps.images.importArchive(requiredText(path, 'path'), names);
      return { images: images.map(({ id, repoTags }) => ({ imageRef: id, names: [...repoTags] })) };
    },
  };
}

/** How often a pull's progress is sent, in milliseconds. */
const PROGRESS_MS = 100;

export function adminStreams(deps: CriDeps, rpc: RpcDeps): grpc.UntypedServiceImplementation {
  return {
    PullImage: (call: grpc.ServerWritableStream<PullImageRequest, PullProgressInput>) => {
      const caller = new AbortController();
      let latest: readonly LayerProgress[] = [];
      const timer = setInterval(() => call.write({ layers: latest.map(toProgress) }), PROGRESS_MS);
      call.on('cancelled', () => caller.abort(new DaemonError('cancelled', 'the caller cancelled the pull')));
      rpc.inFlight(1);
      pull(deps, call.request, caller.signal, (layers) => (latest = layers))
        .then(
          (imageRef) => {
            call.write({ layers: latest.map(toProgress), imageRef });
            call.end();
          },
          (error: unknown) => call.emit('error', toStatus(error)),
        )
        .finally(() => {
          clearInterval(timer);
          rpc.inFlight(-1);
        });
    },
  };
}

async function pull(
  deps: CriDeps,
  { image, username, password }: PullImageRequest,
  signal: AbortSignal,
  onProgress: (layers: readonly LayerProgress[]) => void,
): Promise<string> {
  const auth = { username, password, auth: '', serverAddress: '', identityToken: '', registryToken: '' };
  const record = await deps.images.pull({
    reference: requiredText(image, 'image'),
    runtimeHandler: '',
    ...(username === '' ? {} : { auth }),
    signal,
    onProgress,
  });
  return record.id;
}

const STATES = { waiting: 'WAITING', downloading: 'DOWNLOADING', done: 'DONE', exists: 'EXISTS' } as const;

function toProgress({ digest, state, doneBytes, totalBytes }: LayerProgress): {
  digest: string;
  state: (typeof STATES)[keyof typeof STATES];
  doneBytes: string;
  totalBytes: string;
} {
  return { digest, state: STATES[state], doneBytes: String(doneBytes), totalBytes: String(totalBytes) };
}
