// A container that cannot be started on gVisor: what the log has beside the error.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../support/eventually.ts';
import { TestDaemon } from './daemon.ts';
import { IMAGE, lab } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const daemon = new TestDaemon();
const pods = new Pods(daemon);
const { client } = daemon;
const debugLogs = join(daemon.directory, 'runsc-logs');

beforeAll(async () => {
  mkdirSync(debugLogs);
  const args = ['--platform=systrap', `--debug-log=${debugLogs}/`];
  const path = join(lab('BIN'), 'runsc');
  daemon.writeDropIn(`[runtimes.runsc]\nkind = "oci"\npath = "${path}"\nargs = ${JSON.stringify(args)}\n`);
  await daemon.start();
  await client.call('PullImage', { image: { image: IMAGE } });
}, 120_000);

afterAll(async () => {
  await daemon.removePods();
  // Removed trees go in the background, or at the next start.
  await until(() => expect(readdirSync(join(daemon.root, 'rootfs'))).toEqual([]));
  // It holds a namespace for the sandboxes to come until the daemon stops.
  await daemon.stop();
  const left = await leftovers(daemon);
  await daemon.destroy();
  expect(left).toEqual([]);
}, 120_000);

/** The entries of the daemon's log with these words. */
function entries(words: string): Record<string, unknown>[] {
  const lines = daemon.log().split('\n');
  return lines.filter((line) => line.includes(words)).map((line) => JSON.parse(line) as Record<string, unknown>);
}

it("gVisor: the error has runsc's first error, the log the end of the debug log that its args ask for", async () => {
  const request = { config: pods.config('runsc'), runtimeHandler: 'runsc' };
  const { podSandboxId: pod } = await client.call('RunPodSandbox', request);
  const command = ['/no/such/program'];
  const containerId = await pods.create(pod, 'missing', '', { command });

  const failure = await client.failure('StartContainer', { containerId });

  expect(failure.details).toContain('/no/such/program');
  expect(failure.details).not.toContain('urpc');
  const [entry] = entries("the end of the runtime's debug log");
  expect(entry).toMatchObject({ level: 'warn', containerId });
  const ends = Object.entries(entry?.['debugLog'] as Record<string, string[]>);
  expect(ends.map(([name]) => name)).toContainEqual(expect.stringMatching(/^runsc\.log\..*\.start\.txt$/));
  for (const [, lines] of ends) expect(lines.length).toBeLessThanOrEqual(10);
  expect(JSON.stringify(ends)).toMatch(/FATAL ERROR: .*\/no\/such\/program/);
}, 120_000);
