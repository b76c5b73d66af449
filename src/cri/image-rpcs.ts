// The ImageService.
import type { AuthConfig } from '../gen/runtime/v1/AuthConfig.ts';
import type { ImageServiceHandlers } from '../gen/runtime/v1/ImageService.ts';
import type { UnaryTable } from '../rpc/service.ts';
import { required, requiredText } from './check-request.ts';
import { toImage } from './convert/image.ts';
import type { CriDeps } from './deps.ts';
import { selectImages } from './select.ts';

export function imageRpcs(deps: CriDeps): UnaryTable<ImageServiceHandlers> {
  return {
    ListImages: ({ filter }) => ({ images: selectImages(deps, filter).map(toImage) }),
    ImageStatus: ({ image, verbose }) => {
      const record = deps.images.find(requiredText(required(image, 'image').image, 'image.image'));
      if (record === undefined) return { image: null };
      return {
        image: toImage(record),
        info: verbose
          ? { info: JSON.stringify({ chainID: record.layers.at(-1) ?? '', imageSpec: record.config.raw }) }
          : {},
      };
    },
    PullImage: async ({ image, auth }, { signal, log }) => {
      const spec = required(image, 'image');
      const record = await deps.images.pull({
        reference: requiredText(spec.image, 'image.image'),
        runtimeHandler: spec.runtimeHandler,
        ...(auth === null ? {} : { auth: toAuth(auth) }),
        signal,
      });
      log.info({ image: spec.image, imageId: record.id }, 'image pulled');
      return { imageRef: record.id };
    },
    RemoveImage: async ({ image }) => {
      await deps.images.remove(requiredText(required(image, 'image').image, 'image.image'));
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

function toAuth(auth: AuthConfig): AuthConfig {
  return auth;
}
