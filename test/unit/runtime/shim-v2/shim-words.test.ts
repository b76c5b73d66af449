import { describe, expect, it } from '@jest/globals';
import { DaemonError, unavailable } from '../../../../src/errors.ts';
import { explain, shimLogEnd } from '../../../../src/runtime/shim-v2/shim-words.ts';

const kata = (field: string) => `time="2026-11-28T19:32:21Z" level=debug msg="reading guest console" name=k ${field}\n`;
const LOG =
  'time="2026-11-28T19:32:20Z" level=info msg="launching"\n' +
  kata('vmconsole="[    0.395399] brd: \\"module\\" loaded"') +
  'time="2026-11-28T19:32:21Z" level=error msg="the guest went away"\n' +
  kata('vmconsole=panic');

describe('shimLogEnd()', () => {
  it("parts the guest's console from the shim's own lines", () => {
    expect(shimLogEnd(LOG)).toEqual({
      shimLog: [expect.stringContaining('launching'), expect.stringContaining('the guest went away')],
      guestConsole: ['[    0.395399] brd: "module" loaded', 'panic'],
    });
  });

  it('keeps ten lines of each', () => {
    const many = Array.from({ length: 50 }, (_, n) => `${kata(`vmconsole="c${n}"`)}own ${n}\n`).join('');

    const end = shimLogEnd(many);

    expect([end.shimLog.at(-1), end.shimLog.length]).toEqual(['own 49', 10]);
    expect([end.guestConsole?.at(0), end.guestConsole?.at(-1)]).toEqual(['c40', 'c49']);
  });
});

describe('explain()', () => {
  async function explained(error: unknown, shimLog: string): Promise<{ error: DaemonError; logged: unknown[] }> {
    const logged: unknown[] = [];
    const log = { warn: (fields: unknown) => void logged.push(fields) } as never;
    return { error: await explain(error, 'abc', () => shimLog, log), logged };
  }

  it("keeps the shim's answer, and logs the end of its log", async () => {
    const { error, logged } = await explained(new DaemonError('unknown', 'no such program'), LOG);

    expect(error).toMatchObject({ code: 'unknown', message: 'no such program' });
    expect(logged).toEqual([{ containerId: 'abc', ...shimLogEnd(LOG) }]);
  });

  it("has the log's first error where the call told nothing", async () => {
    const { error } = await explained(unavailable('the shim has gone'), LOG);

    expect(error).toMatchObject({
      code: 'unavailable',
      message: "the shim has gone; the shim's log says: the guest went away",
    });
  });

  it('logs nothing where there is nothing', async () => {
    expect((await explained(unavailable('gone'), '')).logged).toEqual([]);
  });
});
