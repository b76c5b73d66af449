import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ArrivalGauge } from '../../../../src/image/arrival.ts';
import { PartialFile } from '../../../../src/image/content/partial-file.ts';
import { digestOf } from '../../../../src/image/digest.ts';

const bytes = randomBytes(1_000_000);
const expected = { digest: digestOf(bytes), size: bytes.length };
let directory: string;
let path: string;
let gauge: ArrivalGauge;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-partial-'));
  path = join(directory, 'partial');
  gauge = new ArrivalGauge();
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('PartialFile', () => {
  it('writes pieces of any size and proves them', async () => {
    const file = await PartialFile.open(path, expected, gauge);
    for (let at = 0; at < bytes.length; at += 70_001) file.write(bytes.subarray(at, at + 70_001));
    file.prove();
    file.close();

    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(gauge.bytes).toBe(bytes.length);
  });

  it('takes up what an earlier attempt left, and shows it to followers at once', async () => {
    writeFileSync(path, bytes.subarray(0, 600_000));

    const file = await PartialFile.open(path, expected, gauge);

    expect(file.size).toBe(600_000);
    expect(gauge.bytes).toBe(600_000);
    file.write(bytes.subarray(600_000));
    expect(() => file.prove()).not.toThrow();
    file.close();
  });

  it('forgets what is longer than the blob', async () => {
    writeFileSync(path, Buffer.alloc(bytes.length + 1));

    const file = await PartialFile.open(path, expected, gauge);

    expect(file.size).toBe(0);
    expect(readFileSync(path)).toHaveLength(0);
    file.close();
  });

  it('refuses what an earlier attempt left when it is wrong, and starts again', async () => {
    writeFileSync(path, Buffer.alloc(600_000));
    const file = await PartialFile.open(path, expected, gauge);
    file.write(bytes.subarray(600_000));

    expect(() => file.prove()).toThrow(/wrong content/);
    file.restart();
    file.write(bytes);

    expect(() => file.prove()).not.toThrow();
    await expect(gauge.beyond(0)).resolves.toEqual({ kind: 'void' });
    file.close();
  });

  it('takes no byte more than was promised', async () => {
    const file = await PartialFile.open(path, expected, gauge);
    file.write(bytes);

    expect(() => file.write(Buffer.alloc(1))).toThrow(/larger than the 1000000 bytes/);
    file.close();
  });
});
