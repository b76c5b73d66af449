// What one entry of a tar archive says, whichever dialect said it.

export type TarEntryType = 'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo';

/** Since the epoch: whole seconds, negative before it, and the nanoseconds after them, never negative. */
export interface TarTime {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * One entry. Names are byte strings: one character per byte, so that a name which is not UTF-8 survives; plain ASCII
 * names read as usual.
 */
export interface TarEntry {
  readonly type: TarEntryType;
  /** As written in the archive: may be absolute, hold `..` or end with a slash. Never empty, never holds a NUL. */
  readonly path: string;
  /** Target of a hard or symbolic link, otherwise empty. */
  readonly linkPath: string;
  /** Bytes of content that follow; 0 for everything but files. */
  readonly sizeBytes: number;
  /** The twelve permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: TarTime;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by full name, from SCHILY.xattr records. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}
