import { describe, expect, it } from '@jest/globals';
import { matchesAny, pinGlob } from '../../../src/image/pinned.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('pinGlob()', () => {
  it.each([
    { text: 'pause', name: 'docker.io/library/pause:latest' },
    { text: 'registry.k8s.io/pause:3.10', name: 'registry.k8s.io/pause:3.10' },
    { text: `registry.k8s.io/pause@${DIGEST}`, name: `registry.k8s.io/pause@${DIGEST}` },
    { text: `registry.k8s.io/pause:3.10@${DIGEST}`, name: `registry.k8s.io/pause@${DIGEST}` },
  ])('of $text matches the name that a pull of it gives', ({ text, name }) => {
    expect(matchesAny([pinGlob(text)], [name])).toBe(true);
    expect(matchesAny([pinGlob(text)], ['registry.k8s.io/pause:3.100'])).toBe(false);
  });

  it('refuses what is no reference', () => {
    expect(() => pinGlob('Not An Image')).toThrow('invalid image reference');
  });
});
