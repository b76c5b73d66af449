import { describe, expect, it } from '@jest/globals';
import { flagValue } from '../../../src/runtime/go-flags.ts';

describe('flagValue()', () => {
  it.each([
    { args: [], value: undefined },
    { args: ['--log=/l/'], value: '/l/' },
    { args: ['-log=/l/'], value: '/l/' },
    { args: ['--log', '/l/'], value: '/l/' },
    { args: ['--log=/a', '--log=/b'], value: '/b' },
    { args: ['--log='], value: '' },
    { args: ['--logs=/l', '--debug-log=/l', 'log'], value: undefined },
    { args: ['--log=a=b'], value: 'a=b' },
  ])('reads $args as $value', ({ args, value }) => {
    expect(flagValue(args, 'log')).toBe(value);
  });
});
