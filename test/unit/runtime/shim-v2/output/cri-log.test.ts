import { describe, expect, it } from '@jest/globals';
import { formatOutput, LINE_BYTES, logTimestamp } from '../../../../../src/runtime/shim-v2/output/cri-log.ts';

const format = (text: string) => formatOutput('stdout', 'T', Buffer.from(text)).toString();

describe('formatOutput()', () => {
  it.each([
    { output: 'one\n', log: 'T stdout F one\n' },
    { output: 'one\ntwo\n', log: 'T stdout F one\nT stdout F two\n' },
    { output: 'no end', log: 'T stdout P no end\n' },
    { output: 'one\ntw', log: 'T stdout F one\nT stdout P tw\n' },
    { output: '\n', log: 'T stdout F \n' },
    { output: '\n\n', log: 'T stdout F \nT stdout F \n' },
    { output: '', log: '' },
  ])('writes $output as $log', ({ output, log }) => {
    expect(format(output)).toBe(log);
  });

  it('cuts a long line into parts of the limit, the last one full', () => {
    const lines = format(`${'x'.repeat(2 * LINE_BYTES + 5)}\n`).split('\n');

    expect(lines.map((line) => [line.slice(0, 11), line.length - 11])).toEqual([
      ['T stdout P ', LINE_BYTES],
      ['T stdout P ', LINE_BYTES],
      ['T stdout F ', 5],
      ['', -11],
    ]);
  });

  it('a line of just the limit is one full line', () => {
    expect(format(`${'x'.repeat(LINE_BYTES)}\n`)).toBe(`T stdout F ${'x'.repeat(LINE_BYTES)}\n`);
  });

  it('keeps bytes that are no text', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x0a]);

    expect(formatOutput('stderr', 'T', bytes)).toEqual(Buffer.concat([Buffer.from('T stderr F '), bytes]));
  });
});

describe('logTimestamp()', () => {
  it('is RFC 3339 with nine digits, and now', () => {
    expect(logTimestamp()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect(Math.abs(Date.parse(logTimestamp()) - Date.now())).toBeLessThan(1000);
  });
});
