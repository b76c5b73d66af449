import { describe, expect, it } from '@jest/globals';
import { differences, judge, type Listed } from '../../differential/compare.ts';
import { normalise } from '../../differential/normalise.ts';

const found = differences({ ps: { a: { id: 'x' }, b: 1 }, same: [1] }, { ps: { a: { id: 'y' }, c: 2 }, same: [1] });
const entry = (path: string, containerd = '*', crisol = '*'): Listed => ({ path, containerd, crisol, reason: 'why' });

describe('differences()', () => {
  it('finds each leaf that differs or is in one answer only', () => {
    expect(found).toEqual([
      { path: 'ps / a / id', containerd: '"x"', crisol: '"y"' },
      { path: 'ps / b', containerd: '1', crisol: 'absent' },
      { path: 'ps / c', containerd: 'absent', crisol: '2' },
    ]);
  });
});

describe('judge()', () => {
  it.each([
    {
      name: 'an exact list',
      listed: [entry('ps / a / id', '"x"', '"y"'), entry('ps / b'), entry('ps / c')],
      bad: [0, 0],
    },
    { name: 'stars', listed: [entry('p* / * / id'), entry('ps / *')], bad: [0, 0] },
    { name: 'two stars', listed: [entry('**')], bad: [0, 0] },
    { name: 'a star that would cross into the next part', listed: [entry('ps / *')], bad: [1, 0] },
    { name: 'another value', listed: [entry('ps / a / id', '"x"', '"z"'), entry('ps / *')], bad: [1, 1] },
    { name: 'one that does not differ', listed: [entry('**'), entry('same / 0')], bad: [0, 1] },
    { name: 'nothing', listed: [], bad: [3, 0] },
  ])('with $name listed: $bad.0 unlisted, $bad.1 outdated', ({ listed, bad }) => {
    const { unlisted, outdated } = judge(found, listed);
    expect([unlisted.length, outdated.length]).toEqual(bad);
  });
});

describe('normalise()', () => {
  it.each([
    { name: 'ids that have a name', value: 'pod/0123456789abcdef', result: 'pod/<a>' },
    {
      name: 'times',
      value: { createdAt: '17', finishedAt: '0' },
      result: { createdAt: '<time>', finishedAt: '<never>' },
    },
    { name: 'empty messages', value: { a: null, b: {}, c: [], d: { e: [] }, f: 0 }, result: { f: 0 } },
    { name: 'process ids', value: { pid: 7 }, result: { pid: '<pid>' } },
    {
      name: 'digests, which are the same everywhere',
      value: `sha256:${'a'.repeat(64)}`,
      result: `sha256:${'a'.repeat(64)}`,
    },
    { name: 'other ids', value: 'a'.repeat(64), result: '<id>' },
    {
      name: 'lists of the named',
      value: [{ metadata: { name: 'n' }, x: 1 }],
      result: { n: { metadata: { name: 'n' }, x: 1 } },
    },
    { name: 'environments', value: { env: ['A=b=c'] }, result: { env: { A: 'b=c' } } },
  ])('makes $name comparable', ({ value, result }) => {
    expect(normalise(value, new Map([['0123456789abcdef', '<a>']]))).toEqual(result);
  });
});
