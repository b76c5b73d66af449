// Both ways to inflate: the host's ISA-L, which the lab installs, and zlib where it is missing.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { hasIsal } from '../../../src/host/isal.ts';
import { hasZstd } from '../../../src/host/zstd.ts';
import { decompress, gunzip, inflate } from '../../../src/image/unpack/decompress.ts';

const noise = randomBytes(1_500_000);
const text = Buffer.from('the same line again and again\n'.repeat(200_000));
const content = Buffer.concat([noise, text, noise]);
// Half as long when packed, in blocks that are inflated only when all of one is there.
const short = Buffer.from(noise.toString('hex'));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync('/var/tmp/crisol-inflate-');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function* pieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

/** Pieces are valid until the next is asked for: what is kept must be copied. */
async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const copies: Buffer[] = [];
  for await (const piece of source) copies.push(Buffer.from(piece));
  return Buffer.concat(copies);
}

describe.each([
  { name: 'ISA-L', unpack: (bytes: Buffer) => decompress(open(bytes)) },
  { name: 'zlib', unpack: (bytes: Buffer) => gunzip(pieces(bytes, 100_000)) },
])('gzip through $name', ({ unpack }) => {
  it.each([
    { name: 'one member', packed: () => gzipSync(content) },
    { name: 'no content', packed: () => gzipSync(''), whole: Buffer.alloc(0) },
    { name: 'stored blocks', packed: () => gzipSync(content, { level: 0 }) },
    { name: 'two members', packed: () => Buffer.concat([gzipSync(noise), gzipSync(text), gzipSync(noise)]) },
    { name: 'padding behind it', packed: () => Buffer.concat([gzipSync(content), Buffer.alloc(3000)]) },
  ])('inflates $name', async ({ packed, whole = content }) => {
    const found = await all(unpack(packed()));

    expect(found.length).toBe(whole.length);
    expect(found.equals(whole)).toBe(true);
  });

  it.each([
    { name: 'ends early', spoil: (packed: Buffer) => packed.subarray(0, -9), message: 'gzip: unexpected end of file' },
    { name: 'ends in its header', spoil: (packed: Buffer) => packed.subarray(0, 5), message: 'gzip: unexpected end' },
    {
      name: 'has the wrong checksum',
      spoil: (packed: Buffer) => Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8, 1)]),
      message: 'gzip: incorrect data check',
    },
    {
      name: 'is damaged in the middle',
      spoil: (packed: Buffer) => Buffer.concat([packed.subarray(0, 20), Buffer.alloc(5000, 0xff), packed.subarray(20)]),
      message: 'gzip: ',
    },
    {
      name: 'has junk behind it',
      spoil: (packed: Buffer) => Buffer.concat([packed, Buffer.from('junk')]),
      message: 'gzip: ',
    },
  ])('refuses what $name', async ({ spoil, message }) => {
    await expect(all(unpack(spoil(gzipSync(content))))).rejects.toThrow(message);
  });

  it('ends without a trace when its reader leaves in the middle', async () => {
    for await (const piece of unpack(gzipSync(content))) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });
});

// Small pieces of the source often inflate to nothing: a step that fills no buffer must not take the next one.
describe.each([
  { name: 'gzip', packed: () => gzipSync(short) },
  { name: 'zstd', packed: () => execFileSync('zstd', ['-q', '-c'], { input: short, maxBuffer: short.length }) },
])('$name from small pieces', ({ packed }) => {
  it('leaves a piece alone until the next is asked for', async () => {
    expect(hasIsal() && hasZstd()).toBe(true);
    const found: Buffer[] = [];
    for await (const piece of inflate(pieces(packed(), 5000))) {
      // The source goes on meanwhile.
      await sleep(3);
      found.push(Buffer.from(piece));
    }

    expect(Buffer.concat(found).equals(short)).toBe(true);
  });
});

function open(bytes: Buffer): number {
  // Without it these tests would try zlib twice.
  expect(hasIsal()).toBe(true);
  writeFileSync(`${directory}/packed`, bytes);
  return openSync(`${directory}/packed`, 'r');
}
