import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execaSync } from 'execa';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../../src/async/timeout.ts';
import { commandLine, listPids } from '../../../src/host/procfs.ts';
import { DEFAULT_PATH } from '../../../src/host/run-command.ts';
import { invalidArgument } from '../../../src/errors.ts';
import { createLogger } from '../../../src/observe/logger.ts';
import type { HandlerSpec, HandlerVerdict, OciHandlerSpec } from '../../../src/runtime/handler.ts';
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

  function handler(name: string, path: string, more: Partial<OciHandlerSpec> = {}): OciHandlerSpec {
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
    {
      why: 'a missing path',
      path: '/nonexistent/runc',
      reason: /"\/nonexistent\/runc" does not exist/,
      cure: /install/,
    },
    { why: 'a missing name', path: 'no-such-runtime', reason: /"no-such-runtime" is in no directory/, cure: /install/ },
    { why: 'a directory', path: '/usr', reason: /"\/usr" is a directory/, cure: /correct the path/ },
    {
      why: 'a program that is no runtime',
      path: '/bin/true',
      reason: /made no process and printed "true \(GNU coreutils|made no process: this is no OCI runtime/,
      cure: /runc, crun, runsc/,
    },
    { why: 'a program that fails', path: '/bin/false', reason: /stage "version": it exited with 1 and said nothing/ },
    { why: 'a program that prints rubbish', path: '/bin/echo', reason: /printed "--root .*this is no OCI runtime/ },
    { why: 'a program that takes no such verb', path: '/bin/cat', reason: /create of a trial container: .*cat: / },
  ])('finds fault with $why', async ({ path, reason, cure = /.?/ }) => {
    const [verdict] = await verdicts(handler('bad', path));

    expect(verdict).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) as unknown });
    expect(verdict?.state === 'failed' ? (verdict.cure ?? '') : '').toMatch(cure);
  });

  it.each([
    { why: 'not executable', mode: 0o644, text: '#!/bin/sh\n', reason: 'is not executable' },
    { why: 'cut off', mode: 0o755, text: '\u007fELF\u0002\u0001\u0001', reason: 'neither an ELF program nor' },
    { why: 'without its interpreter', mode: 0o755, text: '#!/no/sh\n', reason: 'needs "/no/sh", which does not exist' },
    { why: 'hanging', mode: 0o755, text: '#!/bin/sh\nsleep 4713; exit 1\n', reason: 'stage "version" was not over' },
    {
      why: 'hanging at create',
      mode: 0o755,
      text: '#!/bin/sh\ncase "$*" in *create*) sleep 4713;; *) exec runc "$@";; esac\n',
      reason: 'stage "create" was not over',
    },
    { why: 'crashing', mode: 0o755, text: '#!/bin/sh\nkill -SEGV $$\n', reason: 'was killed by signal 11' },
    {
      why: 'crashing at create',
      mode: 0o755,
      text: '#!/bin/sh\ncase "$*" in *create*) echo last >&2; kill -BUS $$;; *) exec runc "$@";; esac\n',
      reason: 'was killed by signal 7 after "last"',
    },
    {
      why: 'claiming success without a container',
      mode: 0o755,
      text: '#!/bin/sh\ncase "$*" in *create*) echo "created\u0001";; *) exec runc "$@";; esac\n',
      reason: 'made no process and printed "created?"',
    },
  ])('finds fault with a binary that is $why', async ({ mode, text, reason }) => {
    const [verdict] = await verdicts(handler('bad', script(text, mode), { preflightTimeoutMs: 1000 }));

    expect(verdict).toMatchObject({ state: 'failed', reason: expect.stringContaining(reason) as unknown });
    await sleep(50);
    expect(listPids().filter((pid) => commandLine(pid).includes('4713'))).toEqual([]);
  });

  it('finds fault with a program on a file system mounted noexec', async () => {
    const mounted = join(dir, 'noexec');
    mkdirSync(mounted);
    execaSync('mount', ['-t', 'tmpfs', '-o', 'noexec', 'tmpfs', mounted]);
    try {
      writeFileSync(join(mounted, 'runc'), '#!/bin/sh\n', { mode: 0o755 });
      const [verdict] = await verdicts(handler('bad', join(mounted, 'runc')));
      expect(verdict).toMatchObject({
        state: 'failed',
        reason: expect.stringContaining('mounted noexec') as unknown,
        cure: 'mount it with exec, or install the program elsewhere',
      });
    } finally {
      execaSync('umount', [mounted]);
    }
  });

  it('finds crun refusing a hybrid host, with the cure, where the lab does not hide that', async () => {
    const unhidden = 'umount /sys/fs/cgroup/unified/cgroup.controllers 2>/dev/null; exec crun "$@"';
    const path = script(`#!/bin/sh\nexec unshare -m sh -c '${unhidden}' sh "$@"\n`);
    const isHybrid = existsSync('/sys/fs/cgroup/unified') && existsSync('/sys/fs/cgroup/memory');

    const [verdict] = await verdicts(handler('crun', path));

    const refusal = {
      state: 'failed',
      reason: expect.stringContaining('hybrid'),
      cure: expect.stringContaining('crun'),
    };
    expect(verdict).toMatchObject(isHybrid ? refusal : { state: 'ready' });
  });

  it('proves a ready handler beside a failing one, and names a missing monitor', async () => {
    const found = await verdicts(
      handler('runc', 'runc'),
      handler('bad', '/bin/false'),
      handler('c', 'runc', { monitor: '/no/conmon' }),
    );

    expect(found.map(({ state }) => state)).toEqual(['ready', 'failed', 'failed']);
    expect(found[2]).toMatchObject({
      reason: 'program "/no/conmon" does not exist',
      cure: 'install it or correct the path',
    });
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
