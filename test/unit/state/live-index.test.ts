import { describe, expect, it } from '@jest/globals';
import { LiveIndex } from '../../../src/state/live-index.ts';

function filled() {
  const index = new LiveIndex<{ id: string; name: string }>('thing', ({ name }) => name);
  index.set({ id: 'ab'.padEnd(64, '0'), name: 'one' });
  index.set({ id: 'ac'.padEnd(64, '0'), name: 'two' });
  return index;
}

describe('LiveIndex', () => {
  it('finds by id, by unambiguous prefix and by name', () => {
    const index = filled();

    expect(index.find('ab'.padEnd(64, '0'))?.name).toBe('one');
    expect(index.find('ac')?.name).toBe('two');
    expect(index.findByName('one')?.id).toMatch(/^ab/);
    expect(index.find('ad')).toBeUndefined();
    expect(index.find('')).toBeUndefined();
  });

  it('refuses an ambiguous prefix', () => {
    expect(() => filled().find('a')).toThrow('thing id prefix "a" is ambiguous');
  });

  it('frees the name with the object', () => {
    const index = filled();

    index.delete('ab'.padEnd(64, '0'));

    expect(index.findByName('one')).toBeUndefined();
    expect(() => index.get('ab')).toThrow('thing "ab" not found');
  });
});
