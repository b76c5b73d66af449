// crisol's own service beside the CRI: pulls that show their progress, archives, the image store, and the handlers.
import type grpc from '@grpc/grpc-js';
import type { AdminHandlers } from '../gen/crisol/v1/Admin.ts';
import type { PullImageRequest } from '../gen/crisol/v1/PullImageRequest.ts';
import type { PullProgressInput } from '../gen/crisol/v1/PullProgress.ts';
import { DaemonError, invalidArgument } from '../errors.ts';
import { EXPORT_FORMATS, type LayerProgress } from '../image/service.ts';
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
    ListPulls: () => {
      const { inFlight, finished, receivedBytes, retries } = deps.images.downloadCounts();
      return {
        pulls: deps.images.pulls().map(({ reference, startedAtMs, layers }) => ({
          image: reference,
          startedAt: String(BigInt(startedAtMs) * 1_000_000n),
          layers: layers.map(toProgress),
        })),
        downloadsInFlight: inFlight,
        downloads: String(finished),
        receivedBytes: String(receivedBytes),
        retries: String(retries),
      };
    },
    ListHandlers: () => ({
      handlers: deps.status().handlers.map(({ features, ...handler }) => ({ ...handler, features: [...features] })),
    }),
    ExportImages: async ({ images, path, format }) => {
      const known = EXPORT_FORMATS.find((each) => each === format);
      if (known === undefined) {
        throw invalidArgument(`format "${format}" is not one of ${EXPORT_FORMATS.join(', ')}`);
      }
      if (images.length === 0) throw invalidArgument('images is empty');
      await deps.images.export(images, requiredText(path, 'path'), known);
      return {};
    },
    ImageUsage: async () => {
      const { blobs, layers, shared, reclaimable, quarantine, images } = await deps.images.usage();
      const writable = await Promise.all(deps.containerIndex.list().map(({ id }) => deps.writableLayer(id)));
      return {
        ...{ blobs, layers, shared, reclaimable, quarantine },
        writable: { count: writable.length, bytes: writable.reduce((total, { bytes }) => total + bytes, 0) },
        images: images.map(({ id, names, bytes, sharedBytes, isUsed, isPinned, isHidden }) => {
          return { id, names: [...names], bytes, sharedBytes, used: isUsed, pinned: isPinned, hidden: isHidden };
        }),
      };
    },
    CheckImages: async ({ repair }) => {
      const { findings, ...counts } = await deps.images.check(repair);
      return { ...counts, findings: [...findings] };
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
