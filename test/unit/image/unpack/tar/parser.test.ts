import { describe, expect, it } from '@jest/globals';
import { TarParser } from '../../../../../src/image/unpack/tar/parser.ts';
import type { TarEntry } from '../../../../../src/image/unpack/tar/entry.ts';
import { openTar, tar, type TarPart } from '../../../../support/tar-builder.ts';

interface Parsed {
  readonly entry: TarEntry;
  content: string;
  ended: boolean;
}

function parse(archive: Buffer, step = archive.length): Parsed[] {
  const parsed: Parsed[] = [];
  const parser = new TarParser({
    onEntry: (entry) => parsed.push({ entry, content: '', ended: false }),
    onData: (piece) => (parsed.at(-1)!.content += piece.toString()),
    onEntryEnd: () => (parsed.at(-1)!.ended = true),
  });
  for (let at = 0; at < archive.length; at += step) parser.push(archive.subarray(at, at + step));
  parser.finish();
  return parsed;
}

const long = `${'d'.repeat(120)}/${'f'.repeat(200)}`;

describe('TarParser', () => {
  it.each([1, 7, 511, 512, 513, 100_000])('reads the same entries from pieces of %i bytes', (step) => {
    const archive = tar([
      { path: 'a/', flag: '5', mode: 0o755 },
      { path: 'a/b', content: 'x'.repeat(700), uid: 7, gid: 8, mode: 0o4755 },
      { path: 'c', content: 'short', pax: { path: long } },
      { path: 'empty' },
    ]);

    const parsed = parse(archive, step);

    expect(parsed.map(({ entry, content, ended }) => [entry.type, entry.path, content.length, ended])).toEqual([
      ['directory', 'a/', 0, true],
      ['file', 'a/b', 700, true],
      ['file', long, 5, true],
      ['file', 'empty', 0, true],
    ]);
    expect(parsed[1]!.entry).toMatchObject({
      mode: 0o4755,
      uid: 7,
      gid: 8,
      mtime: { seconds: 1_700_000_000, nanos: 0 },
    });
  });

  it.each<{ name: string; parts: TarPart[]; expected: Partial<TarEntry> }>([
    { name: 'a ustar prefix', parts: [{ path: 'n', prefix: 'p/q' }], expected: { path: 'p/q/n' } },
    { name: 'no prefix in GNU', parts: [{ path: 'n', prefix: 'p', magic: 'ustar  \0' }], expected: { path: 'n' } },
    {
      name: 'GNU long names',
      parts: [
        { path: '././@LongLink', flag: 'L', content: `${long}\0` },
        { path: '././@LongLink', flag: 'K', content: `${long}x\0` },
        { path: 'cut', linkPath: 'cut', flag: '2' },
      ],
      expected: { path: long, linkPath: `${long}x`, type: 'symlink' },
    },
    {
      name: 'pax over everything',
      parts: [{ path: 'n', pax: { path: 'p', mtime: '-1.5', uid: '3000000000', gid: '5', linkpath: 'l' }, flag: '1' }],
      expected: {
        path: 'p',
        mtime: { seconds: -2, nanos: 500_000_000 },
        uid: 3_000_000_000,
        gid: 5,
        linkPath: 'l',
        type: 'hardlink',
      },
    },
    {
      name: 'nanoseconds',
      parts: [{ pax: { mtime: '12.0000000019' } }],
      expected: { mtime: { seconds: 12, nanos: 1 } },
    },
    { name: 'an empty pax value as none', parts: [{ path: 'n', pax: { path: '' } }], expected: { path: 'n' } },
    {
      name: 'xattrs with any bytes',
      parts: [{ pax: { 'SCHILY.xattr.user.x': Buffer.from([0, 10, 61, 255]) } }],
      expected: { xattrs: new Map([['user.x', Buffer.from([0, 10, 61, 255])]]) },
    },
    {
      name: 'base-256 sizes',
      parts: [{ size: Buffer.from('800000000000000000000003', 'hex'), content: 'abc' }],
      expected: { sizeBytes: 3 },
    },
    {
      name: 'devices',
      parts: [{ path: 'd', flag: '3', device: [1, 3] }],
      expected: { type: 'char', deviceMajor: 1, deviceMinor: 3 },
    },
    { name: 'V7 directories', parts: [{ path: 'd/', flag: '\0', magic: '' }], expected: { type: 'directory' } },
    {
      name: 'global headers as nothing',
      parts: [{ flag: 'g', content: '9 path=x\n' }, {}],
      expected: { path: 'file' },
    },
    { name: 'no content of links', parts: [{ flag: '2', linkPath: 't', size: 5 }], expected: { sizeBytes: 0 } },
    { name: 'names that are not UTF-8', parts: [{ path: '\xff\xfe' }], expected: { path: '\xff\xfe' } },
  ])('understands $name', ({ parts, expected }) => {
    const parsed = parse(tar(parts));

    expect(parsed).toHaveLength(1);
    expect(parsed[0]!.entry).toMatchObject(expected);
  });

  const flipped = tar([{ path: 'a' }]);
  flipped[0]! ^= 1;
  it.each<{ name: string; archive: Buffer; message: string }>([
    { name: 'a changed header', archive: flipped, message: 'tar: header checksum does not match' },
    { name: 'random bytes', archive: Buffer.alloc(1024, 'random'), message: 'tar: header checksum is no octal number' },
    { name: 'an end within a header', archive: openTar([{}]).subarray(0, 100), message: 'unexpected end' },
    {
      name: 'an end within content',
      archive: openTar([{ content: 'abcdef' }]).subarray(0, 515),
      message: 'unexpected end',
    },
    { name: 'an end after an extension', archive: openTar([{ flag: 'L', content: 'n\0' }]), message: 'unexpected end' },
    {
      name: 'an entry after a zero block',
      archive: Buffer.concat([openTar([{}]), Buffer.alloc(512), openTar([{}])]),
      message: 'follows the end',
    },
    { name: 'an old sparse file', archive: tar([{ path: 's', flag: 'S' }]), message: '"s" is a GNU sparse file' },
    { name: 'a pax sparse file', archive: tar([{ path: 's', pax: { 'GNU.sparse.major': '1' } }]), message: 'sparse' },
    { name: 'an unknown type', archive: tar([{ path: 'v', flag: 'V' }]), message: '"v" has the unknown type "V"' },
    { name: 'no name', archive: tar([{ path: '' }]), message: 'without a usable name' },
    { name: 'a NUL in a pax name', archive: tar([{ pax: { path: 'a\0b' } }]), message: 'without a usable name' },
    {
      name: 'a negative size',
      archive: tar([{ size: Buffer.alloc(12, 0xff) }]),
      message: 'negative size',
    },
    {
      name: 'an immense size',
      archive: tar([{ size: Buffer.from('80ffffffffffffffffffffff', 'hex') }]),
      message: 'size is out of range',
    },
    { name: 'a pax size that is no number', archive: tar([{ pax: { size: '-1' } }]), message: 'pax size is no number' },
    { name: 'an immense uid', archive: tar([{ pax: { uid: '4294967295' } }]), message: 'impossible uid' },
    {
      name: 'an immense extension',
      archive: tar([{ flag: 'x', size: 2 ** 30 }]),
      message: 'extended header is longer',
    },
    {
      name: 'a pax record that is too long',
      archive: tar([{ flag: 'x', content: '99 path=x\n' }]),
      message: 'malformed',
    },
    { name: 'a pax record without a key', archive: tar([{ flag: 'x', content: '5 =x\n' }]), message: 'malformed' },
    { name: 'a pax record without a length', archive: tar([{ flag: 'x', content: 'path=x\n' }]), message: 'malformed' },
    { name: 'a pax record of length 0', archive: tar([{ flag: 'x', content: '0 path=x\n' }]), message: 'malformed' },
  ])('refuses $name', ({ archive, message }) => {
    expect(() => parse(archive)).toThrow(message);
  });

  it('ignores what follows the end and takes an archive without one', () => {
    expect(parse(Buffer.concat([tar([{}]), Buffer.alloc(5000, 'x')]))).toHaveLength(1);
    expect(parse(openTar([{}]))).toHaveLength(1);
    expect(parse(Buffer.alloc(0))).toHaveLength(0);
  });
});
