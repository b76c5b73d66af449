// Image records as CRI messages.
import type { ImageInput } from '../../gen/runtime/v1/Image.ts';
import type { ImageRecord } from '../../image/service.ts';

/** An image. Exactly one of uid and username is set: the image's user is a number or a name. */
export function toImage(record: ImageRecord): ImageInput {
  const [user = ''] = record.config.user.split(':');
  const uid = user === '' ? '0' : user;
  return {
    id: record.id,
    repoTags: [...record.repoTags],
    repoDigests: [...record.repoDigests],
    size: String(record.sizeBytes),
    ...(/^\d+$/.test(uid) ? { uid: { value: uid } } : { username: uid }),
    spec: { image: '', annotations: { ...record.annotations }, runtimeHandler: record.runtimeHandler },
    pinned: record.pinned,
  };
}
