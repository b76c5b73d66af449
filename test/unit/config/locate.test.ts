import { describe, expect, it } from '@jest/globals';
import { locateKeys, pathKey } from '../../../src/config/locate.ts';

const TEXT = `# comment with [brackets] and key = 1
version = 1
root = "/a # not a comment"

[cri]
socket = '/s' # comment
many = [
  "a", # ] not the end
  "b",
]
text = """
[runtimes.fake]
kind = "x"
"""
after = { a = 1, b = { c = [1, 2] },
  d = 4 }

[runtimes."my runc"]
kind = "oci"
features.user_namespaces = true
 [ runtimes . 'x' ]
  path = "y"
[[list]]
n = 1979-05-27T07:32:00Z
last = 1.5
`;

describe('locateKeys()', () => {
  const lines = locateKeys(TEXT);

  it.each([
    { path: ['version'], line: 2 },
    { path: ['root'], line: 3 },
    { path: ['cri'], line: 5 },
    { path: ['cri', 'socket'], line: 6 },
    { path: ['cri', 'many'], line: 7 },
    { path: ['cri', 'text'], line: 11 },
    { path: ['cri', 'after'], line: 15 },
    { path: ['cri', 'after', 'b', 'c'], line: 15 },
    { path: ['cri', 'after', 'd'], line: 16 },
    { path: ['runtimes'], line: 18 },
    { path: ['runtimes', 'my runc'], line: 18 },
    { path: ['runtimes', 'my runc', 'features', 'user_namespaces'], line: 20 },
    { path: ['runtimes', 'x'], line: 21 },
    { path: ['runtimes', 'x', 'path'], line: 22 },
    { path: ['list', 'last'], line: 25 },
    { path: ['runtimes', 'fake'], line: undefined },
  ])('finds $path at $line', ({ path, line }) => {
    expect(lines.get(pathKey(path))).toBe(line);
  });

  it.each(['a', '= 1', '[', '[a', 'a = {', 'a = [', '"\\', 'a = "\n', 'a = {b', '\u0000'])(
    'ends on broken text %j',
    (text) => {
      expect(locateKeys(text).size).toBeLessThan(3);
    },
  );
});
