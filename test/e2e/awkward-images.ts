// Images that unpackers get wrong: each a list of layers, bottom first.
import type { TarPart } from '../support/tar-builder.ts';

export interface AwkwardImage {
  readonly name: string;
  readonly layers: readonly (readonly TarPart[])[];
  /**
   * What containerd's overlayfs snapshotter gets wrong, because it unpacks a layer without seeing those below it: paths
   * where it differs, or all of them when it refuses the image or what it mounts cannot be read. There umoci, which
   * unpacks onto the whole tree, is the measure.
   */
  readonly overlayfs?: { readonly why: string; readonly differsAt: readonly string[] | 'all' };
  /** Where crisol is not what umoci makes of it. */
  readonly known?: { readonly why: string; readonly differsAt: readonly string[] };
}

const dir = (path: string, more: Partial<TarPart> = {}): TarPart => ({
  path: `${path}/`,
  flag: '5',
  mode: 0o755,
  ...more,
});
const file = (path: string, content = path, more: Partial<TarPart> = {}): TarPart => ({ path, content, ...more });
const link = (path: string, linkPath: string): TarPart => ({ path, flag: '2', linkPath });
const hard = (path: string, linkPath: string): TarPart => ({ path, flag: '1', linkPath });
const gone = (path: string): TarPart => ({ path: path.replace(/[^/]*$/, '.wh.$&') });
const opaque = (path: string): TarPart => ({ path: `${path}/.wh..wh..opq` });
// A file capability of version 2: CAP_NET_RAW, effective.
const netRaw = Buffer.from('0100000200200000000000000000000000000000', 'hex');
const long = (letter: string) => letter.repeat(255);
const zeros = Buffer.alloc(4 << 20);

export const AWKWARD: readonly AwkwardImage[] = [
  {
    name: 'whiteouts-of-whiteouts',
    overlayfs: { why: 'forgets the whiteout of a directory that the same layer makes anew', differsAt: ['d/x'] },
    layers: [
      [file('a'), dir('d'), file('d/x'), file('d/y'), dir('e'), file('e/x'), link('l', 'a')],
      [gone('a'), gone('d/x'), gone('e'), gone('l')],
      [gone('a'), gone('never-there'), file('d/x', 'again'), dir('e'), file('e/new')],
      [file('a', 'reborn'), gone('d'), dir('d'), file('d/z'), gone('e/new'), gone('d/y')],
    ],
  },
  {
    name: 'opaque-over-symlink',
    overlayfs: {
      why: 'puts a directory over a link that a path leads through',
      differsAt: ['kept', 'kept/through', 'other', 'other/through'],
    },
    layers: [
      [dir('real'), file('real/old'), link('link', 'real'), dir('kept'), file('kept/old'), link('other', 'kept')],
      [dir('link'), opaque('link'), file('link/new')],
      [file('other/through')],
    ],
  },
  {
    name: 'opaque-recreated',
    layers: [
      [dir('d'), file('d/a'), dir('d/b'), file('d/b/c'), dir('e'), file('e/a'), dir('e/s'), file('e/s/a')],
      [gone('d'), dir('d', { mode: 0o700, uid: 7 }), file('d/new'), opaque('e'), dir('e/s'), file('e/s/b')],
      [dir('d'), opaque('d'), file('d/third'), dir('d/b'), file('d/b/d')],
      [dir('e', { gid: 9 }), file('e/late')],
    ],
  },
  {
    name: 'hardlinks-across-layers',
    overlayfs: { why: 'cannot link to a file of a lower layer', differsAt: 'all' },
    known: {
      why: 'overlayfs copies a file up under the names that are linked above: its other names below stay another file',
      differsAt: ['two-again'],
    },
    layers: [
      [dir('d'), file('d/one', 'one', { uid: 3, mode: 0o640 }), file('two'), hard('two-again', 'two')],
      [hard('link-to-one', 'd/one'), hard('d/link-to-two', 'two')],
      [gone('d/one'), hard('third', 'link-to-one')],
      [file('two', 'replaced')],
    ],
  },
  {
    name: 'attributes',
    layers: [
      [
        file('ping', 'ping', { mode: 0o755, uid: 5, pax: { 'SCHILY.xattr.security.capability': netRaw } }),
        file('noted', 'n', { pax: { 'SCHILY.xattr.user.note': 'caf\u00e9', 'SCHILY.xattr.user.empty': '' } }),
        dir('marked', { pax: { 'SCHILY.xattr.trusted.mark': Buffer.from([0, 255, 61, 10]) } }),
      ],
      [file('plain', 'p', { pax: { 'SCHILY.xattr.user.big': 'x'.repeat(2000) } }), file('noted', 'without')],
    ],
  },
  {
    name: 'case-only-names',
    layers: [
      [file('readme'), file('README'), dir('Lib'), file('Lib/a'), dir('lib'), file('lib/a', 'lower')],
      [gone('README')],
    ],
  },
  {
    name: 'long-names',
    layers: [
      [
        dir('p', { pax: { path: `${long('p')}/` } }),
        file('f', 'deep', { pax: { path: `${long('p')}/${long('f')}` } }),
        { path: '././@LongLink', flag: 'L', content: `${'g'.repeat(180)}\0`, magic: 'ustar  \0' },
        file('g', 'gnu', { magic: 'ustar  \0' }),
        link('to-far', 'x'),
        { path: 'far', flag: '2', pax: { linkpath: `${'l/'.repeat(200)}end` } },
        { path: 'name', prefix: 'prefix/of/it', content: 'ustar prefix' },
        file('n\u00e4me', 'utf8', { pax: { path: 'n\u00e4me-\u65e5\u672c' } }),
      ],
      [
        { path: 'x', pax: { path: `${long('p')}/.wh.${'q'.repeat(251)}` } },
        file('h', 'h', { pax: { path: `${long('p')}/${long('h')}` } }),
      ],
    ],
  },
  {
    name: 'zeros',
    layers: [[file('holes', '', { content: Buffer.concat([zeros, Buffer.from('end'), zeros]) }), file('empty', '')]],
  },
  {
    name: 'huge-directory',
    layers: [
      [dir('many'), ...Array.from({ length: 4000 }, (_, at) => file(`many/file-${at}`, String(at)))],
      [...Array.from({ length: 1000 }, (_, at) => gone(`many/file-${at * 4}`)), file('many/file-1', 'changed')],
    ],
  },
  {
    name: 'directory-or-file',
    layers: [
      [dir('d'), file('d/x'), file('f'), link('l', 'd'), dir('m'), file('m/in')],
      [file('d', 'now a file'), dir('f'), file('f/in'), dir('l'), file('l/in'), link('m', 'f')],
      [dir('d'), file('d/back'), file('f', 'file again'), file('l', 'file'), dir('m'), file('m/out')],
    ],
  },
  {
    name: 'nodes',
    layers: [
      [
        { path: 'null', flag: '3', device: [1, 3], mode: 0o666 },
        { path: 'loop', flag: '4', device: [7, 0], mode: 0o660, gid: 6 },
        { path: 'large', flag: '3', device: [259, 300], mode: 0o600 },
        { path: 'pipe', flag: '6', mode: 0o622, uid: 8 },
      ],
      [file('null', 'a file now'), { path: 'pipe', flag: '3', device: [1, 5], mode: 0o600 }, gone('loop')],
    ],
  },
  {
    name: 'modes-and-owners',
    layers: [
      [
        file('su', 'su', { mode: 0o4755 }),
        file('sg', 'sg', { mode: 0o2711, gid: 42, uid: 1 }),
        dir('tmp', { mode: 0o1777 }),
        dir('shared', { mode: 0o2770, gid: 100 }),
        file('none', 'x', { mode: 0 }),
        file('far', 'x', { pax: { uid: '2147483646', gid: '4294967293' } }),
        { path: 'owned-link', flag: '2', linkPath: 'su', uid: 77, gid: 78, mode: 0o777 },
      ],
      [
        dir('shared', { mode: 0o700, uid: 5, gid: 5 }),
        file('shared/new', 'n', { mode: 0o4111, uid: 5 }),
        file('su', 'less', { mode: 0o755 }),
      ],
    ],
  },
  {
    name: 'times',
    layers: [
      [
        file('epoch', 'x', { mtime: 0 }),
        file('before', 'x', { pax: { mtime: '-86400.5' } }),
        file('future', 'x', { pax: { mtime: '4102444800.000000001' } }),
        file('nanos', 'x', { pax: { mtime: '1200000000.123456789' } }),
        { path: 'link', flag: '2', linkPath: 'epoch', mtime: 12345 },
        dir('d', { mtime: 1_000_000_000 }),
        file('d/in', 'x', { mtime: 2_000_000_000 }),
      ],
      [file('d/later', 'x', { mtime: 1_500_000_000 })],
    ],
  },
  {
    name: 'not-utf8',
    layers: [
      [file('caf\xe9'), dir('\xff\xfe'), file('\xff\xfe/\x80\x81'), link('l\xf0', '\xff\xfe')],
      [file('\xff\xfe/new'), gone('caf\xe9')],
    ],
  },
  {
    name: 'implied-parents',
    overlayfs: { why: 'loses the time of a directory that a layer only implies', differsAt: ['a'] },
    layers: [
      [
        dir('a', { mode: 0o700, uid: 5, gid: 6, mtime: 1_000_000_000 }),
        dir('a/b', { mode: 0o711 }),
        file('a/b/c'),
        dir('x', { uid: 9 }),
      ],
      [file('a/b/d'), file('x/new/deep/file'), file('y/z')],
      [file('a/b/e/f'), gone('x/new/deep/file')],
    ],
  },
  {
    name: 'linked-parents',
    overlayfs: {
      why: 'puts directories over the links, and leaves a whiteout in one that nothing hides',
      differsAt: 'all',
    },
    layers: [
      [
        dir('usr'),
        dir('usr/lib'),
        file('usr/lib/a'),
        link('lib', 'usr/lib'),
        link('abs', '/usr/lib'),
        link('up', '../../usr'),
      ],
      [file('lib/b'), file('abs/c'), file('up/d'), gone('lib/a')],
    ],
  },
  {
    name: 'odd-spellings',
    overlayfs: { why: 'refuses a whiteout of what the same layer made before', differsAt: 'all' },
    layers: [
      [
        dir('./'),
        { path: './a', content: 'one' },
        { path: 'a', content: 'two' },
        { path: '/abs', content: 'x' },
        { path: 'd/../e', content: 'x' },
      ],
      [
        file('b', 'x'),
        gone('b'),
        gone('c'),
        file('c', 'after'),
        { path: './/f', content: 'slashes' },
        hard('g', './a'),
      ],
    ],
  },
];
