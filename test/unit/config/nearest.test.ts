import { describe, expect, it } from '@jest/globals';
import { editDistance, nearest } from '../../../src/config/nearest.ts';

describe('editDistance()', () => {
  it.each([
    { from: 'same', to: 'same', edits: 0 },
    { from: 'scoket', to: 'socket', edits: 1 },
    { from: 'sockt', to: 'socket', edits: 1 },
    { from: '', to: 'abc', edits: 3 },
    { from: 'kitten', to: 'sitting', edits: 3 },
  ])('needs $edits from "$from" to "$to"', ({ from, to, edits }) => {
    expect(editDistance(from, to)).toBe(edits);
  });
});

describe('nearest()', () => {
  const known = ['socket', 'socket_group', 'default_runtime', 'shm_size'];

  it.each([
    { word: 'scoket', found: 'socket' },
    { word: 'defaultRuntime', found: 'default_runtime' },
    { word: 'shm-size', found: 'shm_size' },
    { word: 'xyzzy', found: undefined },
  ])('finds $found for "$word"', ({ word, found }) => {
    expect(nearest(word, known)).toBe(found);
  });
});
