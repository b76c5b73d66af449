import { describe, expect, it } from '@jest/globals';
import { cleanLayerPath, meaningOf } from '../../../../src/image/unpack/layer-path.ts';

describe('cleanLayerPath()', () => {
  it.each([
    { path: 'a/b', clean: '/a/b' },
    { path: './a//b/./', clean: '/a/b' },
    { path: '/etc/passwd', clean: '/etc/passwd' },
    { path: '../../etc', clean: '/etc' },
    { path: 'a/../../b', clean: '/b' },
    { path: './', clean: '' },
    { path: '..', clean: '' },
    { path: '...', clean: '/...' },
  ])('makes "$clean" of "$path"', ({ path, clean }) => {
    expect(cleanLayerPath(path)).toBe(clean);
  });

  it('takes the longest name and refuses one byte more', () => {
    expect(cleanLayerPath('n'.repeat(255))).toHaveLength(256);
    expect(() => cleanLayerPath('n'.repeat(256))).toThrow('longer than 255 bytes');
  });
});

describe('meaningOf()', () => {
  it.each([
    { path: '/a/b', meaning: { kind: 'plain' } },
    { path: '/a/.whatever', meaning: { kind: 'plain' } },
    { path: '/a/.wh.b', meaning: { kind: 'whiteout', name: 'b' } },
    { path: '/.wh..hidden', meaning: { kind: 'whiteout', name: '.hidden' } },
    { path: '/.wh..wh..opq', meaning: { kind: 'opaque' } },
    { path: '/a/.wh..wh..opq', meaning: { kind: 'opaque' } },
    { path: '/.wh..wh.plnk', meaning: { kind: 'ignored' } },
    { path: '/.wh..wh.plnk/.wh..wh..opq', meaning: { kind: 'ignored' } },
    { path: '/a/.wh..wh.orph/b', meaning: { kind: 'ignored' } },
  ])('reads "$path" as $meaning.kind', ({ path, meaning }) => {
    expect(meaningOf(path)).toEqual(meaning);
  });

  it.each(['/.wh.', '/a/.wh..', '/a/.wh...', '/.wh.a/b', '/a/.wh.b/c'])('refuses "%s"', (path) => {
    expect(() => meaningOf(path)).toThrow(/whiteout/);
  });
});
