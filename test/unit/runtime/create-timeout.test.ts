import { describe, expect, it } from '@jest/globals';
import { DaemonError, deadlineExceeded } from '../../../src/errors.ts';
import { namingTimeout } from '../../../src/runtime/create-timeout.ts';

describe('namingTimeout()', () => {
  it('names the key behind a deadline', () => {
    expect(namingTimeout('kata', deadlineExceeded('no answer within 500 ms'))).toMatchObject({
      code: 'deadline-exceeded',
      message:
        'no answer within 500 ms (if it needs longer, raise create_timeout in [runtimes.kata] or cri.create_timeout)',
    });
  });

  it.each([
    { what: 'another error', error: new DaemonError('unknown', 'no such program') },
    { what: 'one whose cause is known', error: new DaemonError('deadline-exceeded', 'x', undefined, 'load kvm') },
    { what: 'a foreign error', error: new RangeError('x') },
  ])('leaves $what as it is', ({ error }) => {
    expect(namingTimeout('kata', error)).toBe(error);
  });
});
