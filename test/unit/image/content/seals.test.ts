import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ContentStore } from '../../../../src/image/content/store.ts';
import { digestOf } from '../../../../src/image/digest.ts';
import { createLogger } from '../../../../src/observe/logger.ts';
import { eventually } from '../../../support/eventually.ts';

const bytes = randomBytes(100_000);
const digest = digestOf(bytes);
const stores: ContentStore[] = [];
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-seals-'));
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(directory, { recursive: true });
});

async function open(): Promise<ContentStore> {
  const ingestRoot = join(directory, 'ingest');
  const store = await ContentStore.open({ root: join(directory, 'content'), ingestRoot, log: createLogger('fatal') });
  stores.push(store);
  return store;
}

const bootFile = () => join(directory, 'content/boot-id');
const isWritable = (path: string) => (statSync(path).mode & 0o200) !== 0;
/** Until the whole file system is written through, which a busy disk takes its time for. */
async function sealed(path: string): Promise<void> {
  while (isWritable(path)) await new Promise((resolve) => setTimeout(resolve, 50));
}
/** As if the machine had gone down and come up again since the store was open last. */
const reboot = () => writeFileSync(bootFile(), 'an earlier one');

/** A store with one blob, closed before the disk has it. */
async function storeUnsealed(): Promise<string> {
  const store = await open();
  await eventually(() => existsSync(bootFile()));
  await store.put(bytes);
  await store.close();
  return store.path(digest);
}

jest.setTimeout(60_000);
describe('ContentStore', () => {
  it('shows a blob at once and seals it when the disk has it', async () => {
    const store = await open();
    await store.put(bytes);

    expect(store.has(digest)).toBe(true);
    expect(isWritable(store.path(digest))).toBe(true);
    await sealed(store.path(digest));
  });

  it('trusts after a killed daemon what the disk may not have yet, and seals it later', async () => {
    const path = await storeUnsealed();

    const store = await open();

    expect(store.has(digest)).toBe(true);
    await sealed(path);
  });

  it('removes what a power cut has spoilt, and shows it to nobody before', async () => {
    const path = await storeUnsealed();
    reboot();
    writeFileSync(path, Buffer.alloc(bytes.length));

    const store = await open();

    expect(store.has(digest)).toBe(false);
    await eventually(() => !existsSync(path));
    expect(store.has(digest)).toBe(false);
  });

  it('shows what a power cut has not spoilt as soon as that is proven', async () => {
    const path = await storeUnsealed();
    reboot();

    const store = await open();

    expect(store.has(digest)).toBe(false);
    await eventually(() => store.has(digest));
    expect(isWritable(path)).toBe(false);
    expect(store.sizeOf(digest)).toBe(bytes.length);
  });

  it('doubts a blob again when the daemon died before the doubt was settled', async () => {
    const path = await storeUnsealed();
    reboot();
    await (await open()).close();
    chmodSync(path, 0o600);
    reboot();

    const store = await open();

    expect(store.has(digest)).toBe(false);
    await eventually(() => store.has(digest));
  });

  it('keeps a blob that was fetched again while the old one was in doubt', async () => {
    const path = await storeUnsealed();
    reboot();
    writeFileSync(path, Buffer.alloc(bytes.length));
    const store = await open();

    await store.put(bytes);

    await sealed(path);
    expect(store.has(digest)).toBe(true);
    expect(statSync(path).size).toBe(bytes.length);
  });

  it('trusts what is sealed after any number of boots', async () => {
    const store = await open();
    await store.put(bytes);
    await sealed(store.path(digest));
    reboot();

    expect((await open()).has(digest)).toBe(true);
  });
});
