import { describe, expect, it } from '@jest/globals';
import { PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { TerminalSizes } from '../../../src/streaming/resize.ts';
import type { TerminalSize } from '../../../src/streaming/session.ts';

async function sizesOf(...chunks: readonly string[]): Promise<TerminalSize[]> {
  const source = new PassThrough();
  const sizes: TerminalSize[] = [];
  new TerminalSizes(source).onResize((size) => sizes.push(size));
  for (const chunk of chunks) {
    source.write(chunk);
    await turn();
  }
  return sizes;
}

describe('TerminalSizes', () => {
  it.each([
    { name: 'one per chunk', chunks: ['{"Width":80,"Height":24}\n', '{"Width":100,"Height":50}\n'] },
    { name: 'two in one chunk', chunks: ['{"Width":80,"Height":24}{"Width":100,"Height":50}'] },
    { name: 'cut anywhere', chunks: ['{"Wid', 'th":80,"Height":24', '}\n{"Width":100,', '"Height":50}'] },
    {
      name: 'with garbage between',
      chunks: ['{"Width":80,"Height":24}', '}{"a":1}{"Width":-1,"Height":70000}', '{"Width":100,"Height":50}'],
    },
  ])('reads sizes: $name', async ({ chunks }) => {
    expect(await sizesOf(...chunks)).toEqual([
      { columns: 80, rows: 24 },
      { columns: 100, rows: 50 },
    ]);
  });

  it('onResize: tells a late listener the last size', async () => {
    const source = new PassThrough();
    const sizes = new TerminalSizes(source);
    source.write('{"Width":80,"Height":24}');
    await turn();
    const seen: TerminalSize[] = [];
    sizes.onResize((size) => seen.push(size));
    expect(seen).toEqual([{ columns: 80, rows: 24 }]);
  });
});
