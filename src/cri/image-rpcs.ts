// The ImageService.
import { invalidArgument } from '../errors.ts';
import type { AuthConfig } from '../gen/runtime/v1/AuthConfig.ts';
import type { ImageSpec } from '../gen/runtime/v1/ImageSpec.ts';
import type { ImageServiceHandlers } from '../gen/runtime/v1/ImageService.ts';
import { summarize, type PullInFlight } from '../image/pulls-in-flight.ts';
import type { UnaryTable } from '../rpc/service.ts';
import { required, requiredText } from './check-request.ts';
import { toImage } from './convert/image.ts';
import type { CriDeps } from './deps.ts';
import { selectImages } from './select.ts';

export function imageRpcs(deps: CriDeps): UnaryTable<ImageServiceHandlers> {
  return {
    ListImages: ({ filter }) => ({ images: selectImages(deps, filter).map(toImage) }),
    ImageStatus: ({ image, verbose }) => {
      const spec = required(image, 'image');
      const record = deps.images.find(requiredText(spec.image, 'image.image'), knownHandler(deps, spec));
      const pulls = verbose ? describePulls(deps.images.pulls()) : {};
      if (record === undefined) return { image: null, info: pulls };
      const info = { chainID: record.layers.at(-1) ?? '', imageSpec: record.config.raw };
      return { image: toImage(record), info: verbose ? { info: JSON.stringify(info), ...pulls } : {} };
    },
    PullImage: async ({ image, auth }, { signal, log }) => {
      const spec = required(image, 'image');
      const record = await deps.images.pull({
        reference: requiredText(spec.image, 'image.image'),
        runtimeHandler: knownHandler(deps, spec),
        ...(auth === null ? {} : { auth: toAuth(auth) }),
        signal,
      });
      log.info({ image: spec.image, imageId: record.id }, 'image pulled');
      return { imageRef: record.id };
    },
    RemoveImage: async ({ image }) => {
      const spec = required(image, 'image');
      await deps.images.remove(requiredText(spec.image, 'image.image'), spec.runtimeHandler);
      return {};
    },
    ImageFsInfo: () => {
      const { path, usedBytes, inodesUsed } = deps.images.fsInfo();
      const usage = {
        timestamp: String(BigInt(Date.now()) * 1_000_000n),
        fsId: { mountpoint: path },
        usedBytes: { value: String(usedBytes) },
        inodesUsed: { value: String(inodesUsed) },
      };
      return { imageFilesystems: [usage], containerFilesystems: [usage] };
    },
  };
}

/** The handler an image is meant for. @throws invalid-argument for one that is not configured */
function knownHandler(deps: CriDeps, { runtimeHandler }: Pick<ImageSpec, 'runtimeHandler'>): string {
  if (runtimeHandler === '') return '';
  const names = deps.status().handlers.map(({ name }) => name);
  if (names.includes(runtimeHandler)) return runtimeHandler;
  const known = names.filter((name) => name !== '').join(', ');
  throw invalidArgument(`runtime handler "${runtimeHandler}" is not configured; there are: ${known}`);
}

function toAuth(auth: AuthConfig): AuthConfig {
  return auth;
}

/** What verbose statuses say of the pulls under way, as JSON under one key; nothing when there are none. */
function describePulls(pulls: readonly PullInFlight[]): Record<string, string> {
  if (pulls.length === 0) return {};
  const described = pulls.map(({ reference, startedAtMs, layers }) => ({
    image: reference,
    startedAt: new Date(startedAtMs).toISOString(),
    ...summarize(layers),
  }));
  return { pulls: JSON.stringify(described) };
}
