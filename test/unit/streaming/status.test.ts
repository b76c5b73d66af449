import { describe, expect, it } from '@jest/globals';
import { formatStatus } from '../../../src/streaming/status.ts';

describe('formatStatus', () => {
  it('tells success in JSON, and says nothing as text', () => {
    expect(JSON.parse(formatStatus({ exitCode: 0 }, 'json'))).toEqual({ metadata: {}, status: 'Success' });
    expect(formatStatus({ exitCode: 0 }, 'text')).toBe('');
  });

  it('tells an exit code as the cause of a failure', () => {
    expect(JSON.parse(formatStatus({ exitCode: 3 }, 'json'))).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '3' }] },
    });
    expect(formatStatus({ exitCode: 3 }, 'text')).toBe('command terminated with non-zero exit code: 3');
  });

  it('tells an error as an internal one', () => {
    expect(JSON.parse(formatStatus({ error: new TypeError('no such program') }, 'json'))).toMatchObject({
      reason: 'InternalError',
      message: 'Internal error occurred: no such program',
    });
  });
});
