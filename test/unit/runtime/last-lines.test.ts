import { describe, expect, it } from '@jest/globals';
import { lastLines } from '../../../src/runtime/last-lines.ts';

describe('lastLines()', () => {
  it.each([
    { what: 'nothing', text: '\n \n', lines: [] },
    { what: 'what ends without a line feed', text: 'a\r\n\nb', lines: ['a', 'b'] },
    {
      what: 'the last ten of many',
      text: Array.from({ length: 30 }, (_, n) => `${n}\n`).join(''),
      lines: ['20', '21', '22', '23', '24', '25', '26', '27', '28', '29'],
    },
    {
      what: 'as much as there is room for',
      text: `${'a'.repeat(100)}\n${'b'.repeat(2000)}`,
      lines: ['a'.repeat(48), 'b'.repeat(2000)],
    },
    { what: 'the beginning of a line that is too long', text: `a\n${'b'.repeat(5000)}`, lines: ['b'.repeat(2048)] },
  ])('keeps $what', ({ text, lines }) => {
    expect(lastLines(text)).toEqual(lines);
  });
});
