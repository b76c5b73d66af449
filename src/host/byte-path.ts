// Paths as byte strings (one character per byte): the form in which names that are not UTF-8 can be split and joined.

/** A byte string as file system calls take it: itself when plain ASCII, else its bytes. */
export function nativePath(bytePath: string): string | Buffer {
  return /^[\0-\x7f]*$/.test(bytePath) ? bytePath : Buffer.from(bytePath, 'latin1');
}

/** The byte string of an ordinary path. */
export function bytePath(path: string): string {
  return Buffer.from(path).toString('latin1');
}
