// Objects in memory: by id, by unambiguous prefix, and by the name that must be unique.
import { invalidArgument, notFound } from '../errors.ts';

/** The objects of one kind. Holds immutable records, replaced as a whole; readers never wait. */
export class LiveIndex<T extends { readonly id: string }> {
  readonly #kind: string;
  readonly #byId = new Map<string, T>();
  readonly #idByName = new Map<string, string>();
  readonly #nameOf: (record: T) => string;

  /**
   * @param kind for messages: "pod sandbox", "container"
   * @param nameOf the name that two live objects may not share
   */
  constructor(kind: string, nameOf: (record: T) => string) {
    this.#kind = kind;
    this.#nameOf = nameOf;
  }

  set(record: T): void {
    this.#byId.set(record.id, record);
    this.#idByName.set(this.#nameOf(record), record.id);
  }

  delete(id: string): void {
    const record = this.#byId.get(id);
    if (record === undefined) return;
    this.#byId.delete(id);
    if (this.#idByName.get(this.#nameOf(record)) === id) this.#idByName.delete(this.#nameOf(record));
  }

  /** The object of a full id or an unambiguous prefix. @throws invalid-argument when the prefix is ambiguous */
  find(idOrPrefix: string): T | undefined {
    const exact = this.#byId.get(idOrPrefix);
    if (exact !== undefined || idOrPrefix === '' || idOrPrefix.length >= 64) return exact;
    let match: T | undefined;
    for (const [id, record] of this.#byId) {
      if (!id.startsWith(idOrPrefix)) continue;
      if (match !== undefined) throw invalidArgument(`${this.#kind} id prefix "${idOrPrefix}" is ambiguous`);
      match = record;
    }
    return match;
  }

  /** Like `find`. @throws not-found */
  get(idOrPrefix: string): T {
    const record = this.find(idOrPrefix);
    if (record === undefined) throw notFound(this.#kind, idOrPrefix);
    return record;
  }

  findByName(name: string): T | undefined {
    const id = this.#idByName.get(name);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** All objects, oldest first. */
  list(): T[] {
    return [...this.#byId.values()];
  }

  get size(): number {
    return this.#byId.size;
  }
}
