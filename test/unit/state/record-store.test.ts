import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { RecordStore } from '../../../src/state/record-store.ts';

const Thing = z.strictObject({ id: z.string(), value: z.number(), bytes: z.custom<Buffer>() });
let root: string;
let store: RecordStore<z.infer<typeof Thing>>;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'records-'));
  store = new RecordStore({ directory: join(root, 'things'), quarantine: join(root, 'quarantine'), schema: Thing });
});
afterEach(() => rmSync(root, { recursive: true }));

describe('RecordStore', () => {
  it('loads what was saved last, bytes included', async () => {
    const bytes = Buffer.from([0, 255, 10]);
    await store.loadAll();
    await Promise.all([1, 2, 3].map((value) => store.save({ id: 'a', value, bytes })));

    const { records, problems } = await store.loadAll();

    expect(problems).toEqual([]);
    expect(records).toHaveLength(1);
    expect(records[0]!.value).toBe(3);
    expect(Buffer.compare(records[0]!.bytes, bytes)).toBe(0);
  });

  it.each([
    { name: 'truncated', text: '{"id":"bad","val' },
    { name: 'of another shape', text: '{"id":"bad","value":"one"}' },
    { name: 'of another object', text: '{"id":"other","value":1,"bytes":""}' },
  ])('sets a record aside that is $name, and loads the rest', async ({ text }) => {
    await store.loadAll();
    await store.save({ id: 'good', value: 1, bytes: Buffer.alloc(0) });
    mkdirSync(join(root, 'things/bad'));
    writeFileSync(join(root, 'things/bad/record.json'), text);

    const { records, problems } = await store.loadAll();

    expect(records.map(({ id }) => id)).toEqual(['good']);
    expect(problems).toMatchObject([{ id: 'bad', path: join(root, 'things/bad/record.json') }]);
    expect(readdirSync(join(root, 'things'))).toEqual(['good']);
    expect(readdirSync(join(root, 'quarantine'))).toHaveLength(1);
  });

  it('removes a directory whose record was not written yet, or is deleted already', async () => {
    await store.loadAll();
    mkdirSync(join(root, 'things/cut-off'));

    expect(await store.loadAll()).toEqual({ records: [], problems: [] });
    expect(readdirSync(join(root, 'things'))).toEqual([]);
  });

  it('forgets a deleted record, also twice', async () => {
    await store.loadAll();
    await store.save({ id: 'a', value: 1, bytes: Buffer.alloc(0) });

    await store.delete('a');
    await store.delete('a');

    expect((await store.loadAll()).records).toEqual([]);
  });
});
