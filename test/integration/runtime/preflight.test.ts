import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../../src/async/timeout.ts';
import { commandLine, listPids } from '../../../src/host/procfs.ts';
import { DEFAULT_PATH } from '../../../src/host/run-command.ts';
import { invalidArgument } from '../../../src/errors.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import type { HandlerSpec, HandlerVerdict } from '../../../src/runtime/handler.ts';
import { preflight } from '../../../src/runtime/preflight.ts';

describe('preflight()', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'preflight-'));
  });

  afterEach(() => {
    const processes = listPids().filter((pid) => commandLine(pid).some((arg) => arg.includes(dir)));
    const trials = existsSync(join(dir, 'preflight')) ? readdirSync(join(dir, 'preflight')) : [];
    const cgroups = readdirSync('/sys/fs/cgroup')
      .map((name) => join('/sys/fs/cgroup', name))
      .flatMap((path) =>
        existsSync(join(path, 'tasks')) || existsSync(join(path, 'cgroup.procs')) ? readdirSync(path) : [],
      )
      .filter((name) => isOwnTrial(name));
    rmSync(dir, { recursive: true });
    expect({ processes, trials, cgroups }).toEqual({ processes: [], trials: [], cgroups: [] });
  });

  // Other daemons of this host make trials of their own; the id names the trial's directory by its digest.
  function isOwnTrial(cgroup: string): boolean {
    const [, name = '', digest] = /^crisol-preflight-(.+)-([0-9a-f]{8})$/.exec(cgroup) ?? [];
    const place = join(dir, 'preflight', name);
    return createHash('sha256').update(place).digest('hex').slice(0, 8) === digest;
  }

  function handler(name: string, path: string, more: Partial<HandlerSpec> = {}): HandlerSpec {
    const env = { PATH: DEFAULT_PATH };
    const features = {};
    return {
      name,
      path,
      args: [],
      monitor: 'conmon',
      systemdCgroup: false,
      env,
      features,
      preflightTimeoutMs: 10_000,
      ...more,
    };
  }

  function script(text: string, mode = 0o755): string {
    const path = join(dir, 'runtime');
    writeFileSync(path, text, { mode });
    return path;
  }

  async function verdicts(...specs: HandlerSpec[]): Promise<HandlerVerdict[]> {
    return preflight(specs, { runDir: dir, cachePath: join(dir, 'cache.json') }, createLogger('fatal'));
  }

  it('finds runc ready, with version and features', async () => {
    const [verdict] = await verdicts(handler('runc', 'runc'));

    expect(verdict).toMatchObject({ state: 'ready', path: '/usr/sbin/runc', monitor: '/usr/bin/conmon' });
    expect(verdict?.features).toMatchObject({ source: 'reported', recursiveReadOnlyMounts: true });
    expect(verdict?.features.version).toMatch(/^1\./);
  });

  it('takes a proof from the cache until binary or configuration change', async () => {
    const calls = join(dir, 'calls');
    const path = script(`#!/bin/sh\necho x >> ${calls}\nexec runc "$@"\n`);
    const counted = async (spec: HandlerSpec): Promise<boolean> => {
      rmSync(calls, { force: true });
      expect((await verdicts(spec))[0]).toMatchObject({ state: 'ready', features: { source: 'reported' } });
      return existsSync(calls);
    };

    expect(await counted(handler('a', path))).toBe(true);
    expect(await counted(handler('a', path))).toBe(false);
    expect(await counted(handler('a', path, { args: ['--debug'] }))).toBe(true);
    utimesSync(path, 1, 1);
    expect(await counted(handler('a', path, { args: ['--debug'] }))).toBe(true);
    expect(await counted(handler('a', path, { args: ['--debug'] }))).toBe(false);
  });

  it.each([
    { why: 'a missing path', path: '/nonexistent/runc', reason: 'program "/nonexistent/runc" does not exist' },
    { why: 'a missing name', path: 'no-such-runtime', reason: 'program "no-such-runtime" is in no directory' },
    { why: 'a directory', path: '/usr', reason: 'program "/usr" is not a file' },
    { why: 'a program that is no runtime', path: '/bin/true', reason: 'made no process: this is no OCI runtime' },
    { why: 'a program that fails', path: '/bin/false', reason: 'stage "version"' },
    { why: 'a containerd shim', path: '/bin/cat', reason: /create/ },
  ])('finds fault with $why', async ({ path, reason }) => {
    const [verdict] = await verdicts(handler('bad', path));

    expect(verdict).toMatchObject({ state: 'failed' });
    expect(() => {
      throw new Error(verdict?.state === 'failed' ? verdict.reason : '');
    }).toThrow(reason);
  });

  it.each([
    { why: 'not executable', mode: 0o644, text: '#!/bin/sh\n', reason: 'is not executable' },
    {
      why: 'of another architecture',
      mode: 0o755,
      text: '\u007fELF\u0002\u0001\u0001',
      reason: 'another CPU architecture',
    },
    { why: 'hanging', mode: 0o755, text: '#!/bin/sh\nsleep 4713; exit 1\n', reason: 'stage "version" was not over' },
    {
      why: 'hanging at create',
      mode: 0o755,
      text: '#!/bin/sh\ncase "$*" in *create*) sleep 4713;; *) exec runc "$@";; esac\n',
      reason: 'stage "create" was not over',
    },
    { why: 'crashing', mode: 0o755, text: '#!/bin/sh\nkill -SEGV $$\n', reason: 'killed by signal 11' },
  ])('finds fault with a binary that is $why', async ({ mode, text, reason }) => {
    const [verdict] = await verdicts(handler('bad', script(text, mode), { preflightTimeoutMs: 1000 }));

    expect(verdict).toMatchObject({ state: 'failed', reason: expect.stringContaining(reason) as unknown });
    await sleep(50);
    expect(listPids().filter((pid) => commandLine(pid).includes('4713'))).toEqual([]);
  });

  it('proves a ready handler beside a failing one, and names a missing monitor', async () => {
    const found = await verdicts(
      handler('runc', 'runc'),
      handler('bad', '/bin/false'),
      handler('c', 'runc', { monitor: '/no/conmon' }),
    );

    expect(found.map(({ state }) => state)).toEqual(['ready', 'failed', 'failed']);
    expect(found[2]).toMatchObject({ reason: 'program "/no/conmon" does not exist; install it or correct the path' });
  });

  it('fails a handler whose prerequisite does not hold, also when its proof is in the cache', async () => {
    const mended = handler('runc', 'runc', { prerequisite: () => Promise.resolve() });
    expect(await verdicts(mended)).toMatchObject([{ state: 'ready' }]);
    const broken = handler('runc', 'runc', { prerequisite: () => Promise.reject(invalidArgument('no profile "/p"')) });

    expect(await verdicts(broken)).toMatchObject([{ state: 'failed', reason: 'no profile "/p"' }]);
  });

  it('finds crun ready where the host is one that crun takes', async () => {
    expect(await verdicts(handler('crun', 'crun'))).toMatchObject([{ state: 'ready', path: '/usr/bin/crun' }]);
  });

  it('removes the trial that a killed daemon left', async () => {
    const path = script('#!/bin/sh\nrunc "$@"\ncase "$*" in *create*) kill -9 $PPID;; esac\n');
    const module = new URL('../../../src/runtime/preflight.js', import.meta.url).href;
    const places = { runDir: dir, cachePath: join(dir, 'cache.json') };
    const daemon = `import { preflight } from ${JSON.stringify(module)};
      setInterval(() => 0, 1000);
      const log = { info() {}, error() {}, warn() {} };
      await preflight([${JSON.stringify(handler('a', path))}], ${JSON.stringify(places)}, log);`;
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', daemon]);
    expect([signal, readdirSync(join(dir, 'preflight', 'a'))]).toEqual(['SIGKILL', expect.arrayContaining(['pid'])]);

    expect(await verdicts(handler('a', 'runc'))).toMatchObject([{ state: 'ready' }]);
  });
});
