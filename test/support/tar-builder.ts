// Builds tar archives in memory, hostile ones included: every field can be set, nothing is checked.

export interface TarPart {
  readonly path?: string;
  readonly flag?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Overrides the length of `content`. */
  readonly size?: number | Buffer;
  readonly mtime?: number;
  readonly linkPath?: string;
  readonly prefix?: string;
  readonly device?: readonly [number, number];
  readonly content?: Buffer | string;
  /** Pax records put before the entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
  /** Magic and version, `ustar\0` + `00` when not given. */
  readonly magic?: string;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

export function paxRecords(records: Readonly<Record<string, string | Buffer>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const body = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')]);
      let length = body.length + 1;
      while (String(length).length + body.length !== length) length = String(length).length + body.length;
      return Buffer.concat([Buffer.from(String(length)), body]);
    }),
  );
}

function pad(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function part(options: TarPart): Buffer {
  const content = Buffer.from((options.content ?? '') as string);
  const block = Buffer.alloc(512);
  block.write(options.path ?? 'file', 0, 100, 'latin1');
  block.write(octal(options.mode ?? 0o644, 8), 100, 'latin1');
  block.write(octal(options.uid ?? 0, 8), 108, 'latin1');
  block.write(octal(options.gid ?? 0, 8), 116, 'latin1');
  const size = options.size ?? content.length;
  if (typeof size === 'number') block.write(octal(size, 12), 124, 'latin1');
  else size.copy(block, 124);
  block.write(octal(options.mtime ?? 1_700_000_000, 12), 136, 'latin1');
  block.write(options.flag ?? '0', 156, 'latin1');
  block.write(options.linkPath ?? '', 157, 100, 'latin1');
  block.write(options.magic ?? 'ustar\x0000', 257, 8, 'latin1');
  const [major, minor] = options.device ?? [0, 0];
  block.write(octal(major, 8), 329, 'latin1');
  block.write(octal(minor, 8), 337, 'latin1');
  block.write(options.prefix ?? '', 345, 155, 'latin1');
  block.fill(' ', 148, 156);
  block.write(
    `${octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    )} `,
    148,
    'latin1',
  );
  const before = options.pax === undefined ? [] : [part({ path: 'pax', flag: 'x', content: paxRecords(options.pax) })];
  return Buffer.concat([...before, block, pad(content)]);
}

/** An archive without its two closing zero blocks. */
export function openTar(parts: readonly TarPart[]): Buffer {
  return Buffer.concat(parts.map((one) => part(one)));
}

/** A complete archive. */
export function tar(parts: readonly TarPart[]): Buffer {
  return Buffer.concat([openTar(parts), Buffer.alloc(1024)]);
}
