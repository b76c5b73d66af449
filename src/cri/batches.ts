// Cuts a long reply into messages that any client accepts.

/** A kubelet refuses messages above 16 MiB; these limits keep well below, and each message cheap to take in. */
const MAX_ITEMS = 5000;
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Encoded messages that together hold all items in order; none for no items. Other work gets a turn between two.
 *
 * @param encodeOne the message of a single item. Messages put end to end are one message with the items of all, as the
 *   items are the message's only field and repeated. @see Protocol Buffers, encoding, "Last One Wins"
 */
export async function* inBatches<T>(
  items: Iterable<T> | AsyncIterable<T>,
  encodeOne: (item: T) => Buffer,
): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const item of items) {
    const part = encodeOne(item);
    if (parts.length === MAX_ITEMS || (parts.length > 0 && bytes + part.length > MAX_BYTES)) {
      yield Buffer.concat(parts);
      await new Promise(setImmediate);
      parts = [];
      bytes = 0;
    }
    parts.push(part);
    bytes += part.length;
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
