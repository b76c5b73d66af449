import { describe, expect, it } from '@jest/globals';
import { readTar } from '../../../../src/image/unpack/tar-reader.ts';
import { tar } from '../../../support/tar-builder.ts';

const archive = tar([
  { path: 'first', content: 'one'.repeat(1000) },
  { path: 'second', content: 'two' },
  { path: 'third' },
]);

async function* pieces(onClose: () => void = () => undefined): AsyncGenerator<Buffer> {
  try {
    for (let at = 0; at < archive.length; at += 600) yield archive.subarray(at, at + 600);
  } finally {
    onClose();
  }
}

async function text(content: AsyncIterable<Buffer>): Promise<string> {
  let all = '';
  for await (const piece of content) all += piece.toString();
  return all;
}

describe('readTar()', () => {
  it('yields each member with its content', async () => {
    const members: [string, string][] = [];
    for await (const { entry, content } of readTar(pieces())) members.push([entry.path, await text(content)]);

    expect(members).toEqual([
      ['first', 'one'.repeat(1000)],
      ['second', 'two'],
      ['third', ''],
    ]);
  });

  it('skips content that was not asked for, also when reading stopped half way', async () => {
    const members: string[] = [];
    for await (const { entry, content } of readTar(pieces())) {
      members.push(entry.path);
      if (entry.path === 'first') for await (const piece of content) if (piece.length > 0) break;
    }

    expect(members).toEqual(['first', 'second', 'third']);
  });

  it('closes its source when the loop is left', async () => {
    let closed = false;
    for await (const { entry } of readTar(pieces(() => (closed = true)))) if (entry.path === 'first') break;

    expect(closed).toBe(true);
  });

  it('refuses an archive that ends early', async () => {
    async function* half(): AsyncGenerator<Buffer> {
      yield archive.subarray(0, 700);
    }

    await expect(async () => {
      for await (const { content } of readTar(half())) await text(content);
    }).rejects.toThrow('tar: unexpected end of the archive');
  });
});
