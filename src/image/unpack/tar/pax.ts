// Pax extended headers: records of the form "LENGTH KEY=VALUE\n", where the length counts the whole record.
import { invalidArgument } from '../../../errors.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;

/**
 * The records of one extended header; a key given twice keeps its last value.
 *
 * @throws invalid-argument when a record does not fit its own length
 * @see POSIX pax, "pax Extended Header"
 */
export function parsePaxRecords(data: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let start = 0; start < data.length;) {
    const space = data.indexOf(SPACE, start);
    const digits = space < 0 || space - start > 10 ? '' : data.toString('latin1', start, space);
    const end = start + (/^\d+$/.test(digits) ? Number(digits) : 0);
    const equals = data.indexOf(EQUALS, space);
    if (end > data.length || equals <= space + 1 || equals >= end || data[end - 1] !== NEWLINE) {
      throw invalidArgument('tar: malformed pax record');
    }
    records.set(data.toString('latin1', space + 1, equals), data.subarray(equals + 1, end - 1));
    start = end;
  }
  return records;
}
