// Starts that must not be, and starts that must be in spite of something.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestDaemon } from './daemon.ts';
import { IMAGE } from './lab.ts';
import { leftovers } from './leftovers.ts';
import { Pods } from './pods.ts';

const FOREVER = 'sleep 86399';
let daemon: TestDaemon;
let pods: Pods;

beforeEach(() => {
  daemon = new TestDaemon();
  pods = new Pods(daemon);
});
afterEach(() => daemon.destroy());

/** Runs `crisol serve` to its end, which is to come at once, and returns its exit code. */
async function refusal(): Promise<unknown> {
  const [code] = (await once(daemon.spawn(), 'exit')) as unknown[];
  return code;
}

describe('crisol serve refuses', () => {
  it('a misspelt key, with file, line and the nearest key', async () => {
    appendFileSync(daemon.configPath, 'plugin_timeuot = "1m"\n');
    const line = readFileSync(daemon.configPath, 'utf8').split('\n').indexOf('plugin_timeuot = "1m"') + 1;
    expect(await refusal()).not.toBe(0);
    expect(daemon.log()).toContain(`${daemon.configPath}:${line}: network.plugin_timeuot`);
    expect(daemon.log()).toContain('plugin_timeout');
    expect(readdirSync(daemon.root)).toEqual([]);
  });

  it.each([
    { what: 'a value of the wrong kind', text: 'plugin_timeout = true', words: 'network.plugin_timeout' },
    { what: 'what is no TOML', text: 'plugin_timeout = = 1', words: 'config.toml:' },
    {
      what: 'a default handler that is not configured',
      text: '[runtimes.x]\nkind = "oci"\npath = 1',
      words: 'runtimes.x',
    },
  ])('$what', async ({ text, words }) => {
    appendFileSync(daemon.configPath, `${text}\n`);
    expect(await refusal()).not.toBe(0);
    expect(daemon.log()).toContain(words);
  });

  it.each([
    { what: 'a certificate without its key', text: 'tls_cert = "/x.crt"', words: 'needs streaming.tls_key beside it' },
    {
      what: 'a certificate that is not there',
      text: 'tls_cert = "/nowhere/x.crt"\ntls_key = "/nowhere/x.key"',
      words: 'streaming.tls_cert: cannot read "/nowhere/x.crt"',
    },
  ])('$what', async ({ text, words }) => {
    daemon.writeDropIn(`[streaming]\n${text}\n`);
    expect(await refusal()).not.toBe(0);
    expect(daemon.log()).toContain(words);
  });

  it('a run directory that another daemon serves, which goes on', async () => {
    await daemon.start();
    const { pid } = daemon;
    expect(await refusal()).not.toBe(0);
    expect(daemon.log()).toContain(`crisol (pid ${pid}) already runs with "${daemon.run}"`);
    expect(await daemon.client.call('Version', {})).toMatchObject({ runtimeName: 'crisol' });
  }, 20_000);
});

describe('crisol serve starts', () => {
  it('with a default handler that does not work: the node is not ready, and the other handlers serve', async () => {
    const broken = '[runtimes.broken]\nkind = "oci"\npath = "/usr/bin/rnuc"\n[runtimes.runc]\nkind = "oci"\n';
    daemon.writeDropIn(`[cri]\ndefault_runtime = "broken"\n${broken}`);
    await daemon.start();
    const { status } = await daemon.client.call('Status', {});
    const conditions = Object.fromEntries(status!.conditions.map(({ type, ...rest }) => [type, rest]));
    expect(conditions['RuntimeReady']).toEqual({
      status: false,
      reason: 'DefaultHandlerFailed',
      message: expect.stringMatching(/the default runtime handler does not work: .*\/usr\/bin\/rnuc/),
    });
    expect(conditions['HandlerReady/runc']).toMatchObject({ status: true });
    const config = pods.config('other');
    await daemon.client.call('RunPodSandbox', { config, runtimeHandler: 'runc' });
    await daemon.removePods();
    expect(await leftovers(daemon)).toEqual([]);
  }, 60_000);

  it('with a handler whose program is missing: it says so, and refuses its pods at once', async () => {
    daemon.writeDropIn('[runtimes.broken]\nkind = "oci"\npath = "/usr/bin/rnuc"\n');
    await daemon.start();
    const { status } = await daemon.client.call('Status', {});
    expect(status?.conditions.find(({ type }) => type === 'HandlerReady/broken')).toMatchObject({
      status: false,
      reason: 'PreflightFailed',
      message: expect.stringContaining('/usr/bin/rnuc'),
    });
    const config = pods.config('none');
    const failure = await daemon.client.failure('RunPodSandbox', { config, runtimeHandler: 'broken' });
    expect(failure).toEqual({
      code: 'FAILED_PRECONDITION',
      details: expect.stringMatching(/runtime handler "broken" does not work: .*\/usr\/bin\/rnuc/),
    });
    expect(await leftovers(daemon)).toEqual([]);
  }, 20_000);

  it.each([
    { what: 'cut off', spoil: (path: string) => truncateSync(path, 100) },
    { what: 'empty', spoil: (path: string) => truncateSync(path, 0) },
    { what: 'of another shape', spoil: (path: string) => writeFileSync(path, '{"version": 99}') },
  ])(
    'with a record that is $what: set aside, and the others are as they were',
    async ({ spoil }) => {
      await daemon.start();
      await daemon.client.call('PullImage', { image: { image: IMAGE } });
      const good = await pods.run('good');
      const container = await pods.start(good, 'runs', FOREVER);
      const doomed = await pods.run('doomed');
      await daemon.kill();
      const record = join(daemon.root, 'sandboxes', doomed, 'record.json');
      const text = readFileSync(record);
      spoil(record);
      await daemon.start();
      const { items } = await daemon.client.call('ListPodSandbox', {});
      expect(items.map(({ id }) => id)).toEqual([good]);
      expect(await pods.exec(container, 'echo', 'here')).toBe('here');
      const [aside = ''] = readdirSync(join(daemon.root, 'quarantine'));
      expect(aside).toContain(doomed);
      expect(daemon.log()).toContain('moved it to the quarantine');
      // Somebody mends it: the pod is there again, and can be removed.
      await daemon.kill();
      renameSync(join(daemon.root, 'quarantine', aside), join(daemon.root, 'sandboxes', doomed));
      writeFileSync(record, text);
      await daemon.start();
      const mended = await daemon.client.call('PodSandboxStatus', { podSandboxId: doomed });
      expect(mended.status?.state).toBe('SANDBOX_READY');
      await daemon.removePods();
      expect(await leftovers(daemon)).toEqual([]);
    },
    30_000,
  );

  it('with strangers among its records and directories', async () => {
    await daemon.start();
    await daemon.kill();
    mkdirSync(join(daemon.root, 'sandboxes/half-made'));
    mkdirSync(join(daemon.run, 'ns', 'a'.repeat(64)), { recursive: true });
    mkdirSync(join(daemon.run, 'c', 'b'.repeat(64)), { recursive: true });
    writeFileSync(join(daemon.root, 'sandboxes/README'), 'what is this');
    await daemon.start();
    expect(await leftovers(daemon)).toEqual([expect.stringContaining('quarantine/README')]);
  }, 20_000);
});
