import { describe, expect, it } from '@jest/globals';
import { containerLogPath } from '../../../src/container/log-path.ts';

describe('containerLogPath()', () => {
  it('joins the directory and the path', () => {
    expect(containerLogPath('/var/log/pods/p', 'c/0.log')).toBe('/var/log/pods/p/c/0.log');
  });

  it.each([
    { name: 'directory', directory: '', path: '0.log' },
    { name: 'path', directory: '/var/log', path: '' },
  ])('keeps no log without a $name', ({ directory, path }) => {
    expect(containerLogPath(directory, path)).toBeNull();
  });

  it.each(['../up.log', '/abs.log', 'a/../../b.log'])('refuses %s', (path) => {
    expect(() => containerLogPath('/var/log/pods/p', path)).toThrow('leaves the pod');
  });
});
