import { describe, expect, it } from '@jest/globals';
import { DaemonError, invalidArgument, isErrno, withContext } from '../../src/errors.ts';

describe('withContext()', () => {
  it('puts the context in front and keeps code and cause', () => {
    const cause = invalidArgument('no name');
    const error = withContext('cannot create', cause);

    expect(error).toMatchObject({ code: 'invalid-argument', message: 'cannot create: no name', cause });
  });

  it('leaves a word the kubelet looks for at the beginning', () => {
    const cause = new DaemonError('unimplemented', 'RROUnsupported: mount "/a"');

    expect(withContext('cannot create', cause).message).toBe('RROUnsupported: cannot create: mount "/a"');
  });
});

describe('isErrno()', () => {
  it.each([
    { error: Object.assign(new TypeError('x'), { code: 'ENOENT' }), wanted: true },
    { error: Object.assign(new TypeError('x'), { code: 'EPERM' }), wanted: false },
    { error: 'ENOENT', wanted: false },
    { error: null, wanted: false },
  ])('of $error is $wanted', ({ error, wanted }) => {
    expect(isErrno(error, 'ENOENT')).toBe(wanted);
  });
});
