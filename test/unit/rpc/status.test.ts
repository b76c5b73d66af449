import { describe, expect, it } from '@jest/globals';
import { invalidArgument, notFound, withContext } from '../../../src/errors.ts';
import { toStatus } from '../../../src/rpc/status.ts';

describe('toStatus()', () => {
  it.each([
    { name: 'ours', error: notFound('container', 'abc'), code: 5, details: 'container "abc" not found' },
    {
      name: 'ours in a context',
      error: withContext('cannot run', invalidArgument('no')),
      code: 3,
      details: 'cannot run: no',
    },
    {
      name: 'foreign with an exit status as code',
      error: Object.assign(new TypeError('exit'), { code: 5 }),
      code: 2,
      details: 'exit',
    },
    { name: 'thrown text', error: 'boom', code: 2, details: 'boom' },
  ])('maps an error that is $name', ({ error, code, details }) => {
    expect(toStatus(error)).toEqual({ code, details });
  });
});
