// Finds images by everything they go by: id, id prefix, tag, digest reference, short name.
import type { ImageRecord } from './image-record.ts';
import { formatReference, parseReference, repositoryOf } from './reference.ts';
import { isIdPrefix } from '../ids.ts';

/** A view of the visible images, made anew when they change; look-ups touch memory only. */
export class ImageIndex {
  readonly #images: readonly ImageRecord[];
  readonly #byName = new Map<string, ImageRecord>();
  readonly #handlers = new Map<string, ImageIndex>();

  constructor(images: readonly ImageRecord[]) {
    this.#images = images;
    for (const image of images) {
      for (const name of [...image.repoTags, ...image.repoDigests]) {
        // The default handler's record speaks for a name that several handlers have.
        if (!this.#byName.has(name) || image.runtimeHandler === '') this.#byName.set(name, image);
      }
    }
  }

  get images(): readonly ImageRecord[] {
    return this.#images;
  }

  /**
   * The image that `text` means; undefined when there is none or an id prefix fits several.
   * @param handler the runtime handler it must have been pulled for; any, the default one first, when empty
   */
  find(text: string, handler = ''): ImageRecord | undefined {
    if (handler !== '') return this.#of(handler).find(text);
    return this.#byId(text, 64) ?? this.#byReference(text) ?? this.#byId(text, 1);
  }

  #of(handler: string): ImageIndex {
    const known = this.#handlers.get(handler);
    if (known !== undefined) return known;
    const index = new ImageIndex(this.#images.filter((image) => image.runtimeHandler === handler));
    this.#handlers.set(handler, index);
    return index;
  }

  #byReference(text: string): ImageRecord | undefined {
    let name: string;
    try {
      const reference = parseReference(text);
      name =
        reference.digest === undefined ? formatReference(reference) : `${repositoryOf(reference)}@${reference.digest}`;
    } catch {
      return undefined;
    }
    return this.#byName.get(name);
  }

  #byId(text: string, minLength: number): ImageRecord | undefined {
    const hex = text.replace(/^sha256:/, '');
    if (hex.length < minLength || !isIdPrefix(hex)) return undefined;
    const matches = this.#images.filter((image) => image.id.startsWith(`sha256:${hex}`));
    if (new Set(matches.map((image) => image.id)).size !== 1) return undefined;
    return matches.find((image) => image.runtimeHandler === '') ?? matches[0];
  }
}
