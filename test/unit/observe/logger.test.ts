import { describe, expect, it } from '@jest/globals';
import { withContext } from '../../../src/errors.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import { inRequest } from '../../../src/observe/request-context.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { lines, log };
}

describe('createLogger()', () => {
  it('names the request on every line of its work, across awaits, and on no other', async () => {
    const { lines, log } = capture();

    await inRequest({ requestId: 'r1', method: 'Version' }, async () => {
      await new Promise(setImmediate);
      log.info({ sandboxId: 's1' }, 'inside');
    });
    log.info('outside');

    expect(lines[0]).toMatchObject({
      level: 'info',
      requestId: 'r1',
      method: 'Version',
      sandboxId: 's1',
      msg: 'inside',
    });
    expect(lines[1]).not.toHaveProperty('requestId');
  });

  it('hides secrets wherever they are logged', () => {
    const { lines, log } = capture();

    log.info({ password: 'p1', request: { auth: { password: 'p2', username: 'u' }, registryToken: 't' } }, 'pull');

    expect(JSON.stringify(lines)).not.toMatch(/p1|p2|"t"/);
    expect(JSON.stringify(lines)).toContain('pull');
  });

  it('says what went wrong once, and where each cause came from', () => {
    const { lines, log } = capture();

    log.warn({ err: withContext('pulling "app"', withContext('registry "r"', new Error('no route to it'))) }, 'failed');

    expect(lines[0]).toMatchObject({
      err: { message: 'pulling "app": registry "r": no route to it', stack: expect.stringContaining('caused by: ') },
    });
  });
});
