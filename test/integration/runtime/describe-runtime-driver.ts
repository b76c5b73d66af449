// The contract every RuntimeDriver keeps, checked on a real runtime.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isAlive, listPids, commandLine } from '../../../src/host/procfs.ts';
import type { CreatedContainer, CreateRequest, ExecSyncRequest, RuntimeDriver } from '../../../src/runtime/driver.ts';
import { sleep } from '../../../src/async/timeout.ts';
import { Lab, type LabRuntime } from './lab.ts';

const KILL = 9;
const TERM = 15;
const MIB = 1024 * 1024;

/** What is driven; `args` and `features` as in `LabRuntime`. */
export interface DrivenRuntime extends LabRuntime {
  readonly kind?: 'oci' | 'shim-v2';
  /** Verbs that this release does not have. */
  readonly lacks?: readonly 'update'[];
}

/** Runs the contract on the runtime binary at `path`: an OCI runtime, or a shim. */
export function describeRuntimeDriver(name: string, path: string, driven: DrivenRuntime = {}): void {
  const { kind = 'oci', lacks = [] } = driven;
  // Containers run inside the process of their sandbox: what they do is not to be seen among the host's processes.
  const isInside = driven.features?.sandboxProcess === true;
  describe(`RuntimeDriver on ${name}`, () => {
    const never = new AbortController().signal;
    let lab: Lab;
    let driver: RuntimeDriver;
    let made: CreateRequest[] = [];

    beforeAll(() => {
      lab = new Lab(driven);
      driver = newDriver();
    });

    beforeEach(async () => {
      if (isInside) await lab.startSandbox(driver);
    });

    function newDriver(): RuntimeDriver {
      return kind === 'oci' ? lab.driver(path) : lab.shimDriver(path);
    }

    afterEach(async () => {
      for (const request of made) await driver.delete(request);
      made = [];
      await lab.endSandbox(driver);
      expect(lab.leftovers()).toEqual([]);
    });

    afterAll(() => lab.close());

    function prepare(script: string, process: Parameters<Lab['request']>[1] = {}): CreateRequest {
      const request = lab.request(script, process);
      made.push(request);
      return request;
    }

    async function run(script: string): Promise<{ request: CreateRequest; created: CreatedContainer }> {
      const request = prepare(script);
      const created = await driver.create(request);
      await driver.start(request);
      return { request, created };
    }

    function exec(request: CreateRequest, script: string, options: Partial<ExecSyncRequest> = {}) {
      return driver.execSync(request, request.spec.process, {
        command: ['/bin/sh', '-c', script],
        timeoutMs: undefined,
        signal: never,
        maxOutputBytes: 16 * MIB,
        ...options,
      });
    }

    it('create() gives a live init and monitor that wait for start()', async () => {
      const request = prepare('echo started; exec sleep 300');

      const created = await driver.create(request);

      expect([isAlive(created.init), isAlive(created.monitor)]).toEqual([true, true]);
      expect(await driver.state(request)).toBe('created');
      await driver.start(request);
      expect(await driver.state(request)).toBe('running');
    });

    it('wait() reports the exit code and its time to callers before and after the exit', async () => {
      const before = BigInt(Date.now()) * 1_000_000n;
      const request = prepare('exit 7');
      const created = await driver.create(request);
      const early = driver.wait(request, created, never);
      await driver.start(request);

      const exit = await early;

      expect(exit).toMatchObject({ exitCode: 7, known: true, oomKilled: false });
      expect(exit.finishedAt - before).toBeLessThan(10_000_000_000n);
      expect(exit.finishedAt).toBeGreaterThanOrEqual(before);
      expect(await driver.wait(request, created, never)).toEqual(exit);
      expect(await driver.state(request)).toBe('stopped');
    });

    it('wait() rejects when the caller gives up', async () => {
      const { request, created } = await run('exec sleep 300');
      const controller = new AbortController();
      const waiting = driver.wait(request, created, controller.signal);

      controller.abort();

      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    });

    it('wait() of a driver made anew finds an exit that nobody saw', async () => {
      const { request, created } = await run('exit 7');
      await until(() => !isAlive(created.init));

      expect(await newDriver().wait(request, created, never)).toMatchObject({ exitCode: 7, known: true });
    });

    it('a driver made anew goes on with a running container', async () => {
      const { request, created } = await run('exec sleep 300');
      const next = newDriver();
      const exit = next.wait(request, created, never);

      expect(await next.state(request)).toBe('running');
      await next.kill(request, KILL, 'init');
      expect(await exit).toMatchObject({ exitCode: 137, known: true });
    });

    it('kill() delivers a signal that the program may handle', async () => {
      const { request, created } = await run('trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done');
      await until(() => lab.logLines(request.logPath ?? '').includes('ready'));

      await driver.kill(request, TERM, 'init');

      expect(await driver.wait(request, created, never)).toMatchObject({ exitCode: 3 });
    });

    it('kill() of scope all ends every process, and a container that is gone is fine', async () => {
      const { request, created } = await run('sleep 300 & sleep 300');

      await driver.kill(request, KILL, 'all');

      expect(await driver.wait(request, created, never)).toMatchObject({ exitCode: 137 });
      await driver.kill(request, KILL, 'init');
      await driver.delete(request);
      await driver.kill(request, KILL, 'init');
      expect(await driver.state(request)).toBe('absent');
    });

    it('execSync() keeps output and exit code apart', async () => {
      const { request } = await run('exec sleep 300');

      const result = await exec(request, 'echo out; echo err >&2; exit 5');

      expect(result.exitCode).toBe(5);
      expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['out\n', 'err\n']);
    });

    // gVisor's kernel has scores of its own.
    (isInside ? it.skip : it)('execSync() runs a program with the OOM score of the container', async () => {
      const request = prepare('exec sleep 300', { oomScoreAdj: 500 });
      await driver.create(request);
      await driver.start(request);

      const result = await exec(request, 'cat /proc/self/oom_score_adj');

      expect(result.stdout.toString()).toBe('500\n');
    });

    it('execSync() keeps the first bytes of an output that is too long, and all of one that fits', async () => {
      const { request } = await run('exec sleep 300');

      const cut = await exec(request, 'dd if=/proc/self/exe bs=1M count=1; dd if=/dev/zero bs=1M count=20', {
        maxOutputBytes: 100_000,
      });
      const whole = await exec(request, 'seq 1 500000');

      expect([cut.exitCode, cut.stdout.length]).toEqual([0, 100_000]);
      expect(whole.stdout.toString().split('\n').length).toBe(500_001);
    });

    it('execSync() does not wait for a background child that holds the output', async () => {
      const { request } = await run('exec sleep 300');
      const start = Date.now();

      const result = await exec(request, 'sleep 200 & echo done');

      expect(result.stdout.toString()).toBe('done\n');
      expect(Date.now() - start).toBeLessThan(5000);
    });

    it.each([
      { why: 'deadline-exceeded', options: { timeoutMs: 300 } },
      { why: 'cancelled', options: { signal: AbortSignal.timeout(0) } },
    ])('execSync() kills the program and its children: $why', async ({ why, options }) => {
      const { request } = await run('exec sleep 300');

      const result = exec(request, 'sleep 4711 & sleep 4712', options);

      await expect(result).rejects.toMatchObject({ code: why });
      const programs = async () =>
        isInside
          ? (await exec(request, 'ps')).stdout.toString().split('\n')
          : listPids().map((pid) => commandLine(pid).join(' '));
      await until(async () => !(await programs()).some((program) => /sleep 471[12]$/.test(program)));
      expect(await driver.state(request)).toBe('running');
    });

    it.each([true, false])('exec() loses nothing when its reader is slow, with a terminal: %s', async (terminal) => {
      const { request } = await run('exec sleep 300');
      const process = { ...request.spec.process, args: ['/bin/sh', '-c', 'seq 1 20000; exit 3'], terminal };
      const reader = new SlowReader();
      const streams = { stdin: undefined, stdout: reader, stderr: undefined, onResize: () => undefined };

      const exitCode = await driver.exec(request, process, { ...streams, signal: never });
      await finished(reader);

      expect(exitCode).toBe(3);
      expect(reader.text.replaceAll('\r', '').split('\n')).toEqual([
        ...Array.from({ length: 20_000 }, (_, index) => String(index + 1)),
        '',
      ]);
    });

    it("programs of another user find their input empty, and the host's /dev/null stays root's", async () => {
      const request = prepare('exec sleep 300', { user: { uid: 65534, gid: 65534, additionalGids: [] } });
      await driver.create(request);
      await driver.start(request);
      const nothing = { stdin: undefined, stdout: undefined, stderr: undefined, onResize: () => undefined };
      const { process } = request.spec;

      try {
        const result = await exec(request, 'cat && echo lost > /dev/stdin && echo read');
        expect([result.stdout.toString(), result.stderr.toString()]).toEqual(['read\n', '']);
        const args = ['/bin/sh', '-c', 'echo lost > /dev/stdout && exit 3'];
        expect(await driver.exec(request, { ...process, args }, { ...nothing, signal: never })).toBe(3);
        const { uid, gid, mode } = statSync('/dev/null');
        expect([uid, gid, mode & 0o777]).toEqual([0, 0, 0o666]);
      } finally {
        chownSync('/dev/null', 0, 0);
      }
    });

    it('execSync() of a missing program gives the first error of the runtime', async () => {
      const { request } = await run('exec sleep 300');

      const result = exec(request, '', { command: ['/bin/nothing-here'] });

      await expect(result).rejects.toThrow(/nothing-here.*(no such file|not found)/i);
      await expect(result).rejects.toMatchObject({ code: 'unknown' });
    });

    it('the log has what the program wrote, mode 0640, and goes on after rotation', async () => {
      const { request } = await run('i=0; while :; do i=$((i+1)); echo line $i; sleep 0.01; done');
      const log = request.logPath ?? '';
      await until(() => lab.logLines(log).length > 3);

      renameSync(log, `${log}.1`);
      await driver.reopenLog(request, log);

      expect(statSync(log).mode & 0o777).toBe(0o640);
      await until(() => lab.logLines(log).length > 3);
      const lines = [...lab.logLines(`${log}.1`), ...lab.logLines(log)];
      expect(lines).toEqual(lines.map((_, index) => `line ${index + 1}`));
    });

    it('reopenLog() keeps a log that was not rotated, and makes a directory that is gone', async () => {
      const { request, created } = await run('echo first; while :; do sleep 0.05; echo later; done');
      const log = request.logPath ?? '';
      await until(() => lab.logLines(log).includes('first'));

      await driver.reopenLog(request, log);
      expect(lab.logLines(log)).toContain('first');
      rmSync(dirname(log), { recursive: true });
      await driver.reopenLog(request, log);

      await until(() => lab.logLines(log).includes('later'));
      expect(isAlive(created.monitor)).toBe(true);
    });

    it('create() without a log path keeps no output', async () => {
      const request = { ...prepare('echo lost'), logPath: undefined };

      const created = await driver.create(request);
      await driver.start(request);

      expect(await driver.wait(request, created, never)).toMatchObject({ exitCode: 0 });
    });

    it('a terminal merges both outputs, and standard input can be kept open', async () => {
      const request = { ...prepare('echo out; echo err >&2; exit 4', { terminal: true }), stdin: true };

      const created = await driver.create(request);
      await driver.start(request);

      expect(await driver.wait(request, created, never)).toMatchObject({ exitCode: 4 });
      expect(lab.logLines(request.logPath ?? '').map((line) => line.trim())).toEqual(['out', 'err']);
    });

    it('wait() tells of a kill for lack of memory', async () => {
      // Inside a sandbox's process it is that one's limit which counts, and its own needs come first.
      const limit = (isInside ? 128 : 32) * MIB;
      const resources = { memory: { limit, swap: limit } };
      if (isInside) {
        await lab.endSandbox(driver);
        await lab.startSandbox(driver, resources);
      }
      const request = prepare('dd if=/dev/zero of=/dev/null bs=200M count=1 & wait $!; exit $?');
      if (!isInside) request.spec.linux.resources = resources;
      const created = await driver.create(request);
      await driver.start(request);

      expect(await driver.wait(request, created, never)).toMatchObject({ exitCode: 137, oomKilled: true });
    });

    it('twenty containers side by side each report their own exit', async () => {
      const codes = Array.from({ length: 20 }, (_, index) => index);
      const exits = codes.map(async (code) => {
        const { request, created } = await run(`exit ${code}`);
        return (await driver.wait(request, created, never)).exitCode;
      });

      expect(await Promise.all(exits)).toEqual(codes);
    }, 30_000);

    it('update() changes the memory limit of a running container', async () => {
      const { request, created } = await run('exec sleep 300');

      const updating = driver.update(request, { memory: { limit: 64 * MIB } });

      if (lacks.includes('update')) await expect(updating).rejects.toThrow('this release has no "update"');
      else await updating;
      if (!isInside) expect(memoryLimit(created.init.pid)).toBe(64 * MIB);
    });

    it('delete() ends what runs, and may be repeated', async () => {
      const { request, created } = await run('trap "" TERM; while :; do sleep 1; done');

      await driver.delete(request);
      await driver.delete(request);
      rmSync(request.bundle, { recursive: true });
      await driver.delete(request);

      expect([isAlive(created.init), isAlive(created.monitor)]).toEqual([false, false]);
    });

    it.each([
      { why: 'missing program', process: { args: ['/bin/nothing-here'] }, message: /nothing-here/ },
      { why: 'missing directory', process: { cwd: '/bin/sh' }, message: /cwd|chdir|not a directory|mkdir/i },
    ])('create() that fails says why and leaves nothing: $why', async ({ process, message }) => {
      const request = prepare('', process);

      // A kernel in user space looks for the program when it starts it.
      const making = isInside ? driver.create(request).then(() => driver.start(request)) : driver.create(request);
      await expect(making).rejects.toThrow(message);
      if (isInside) await driver.delete(request);

      expect(await driver.state(request)).toBe('absent');
      if (isInside) await until(() => lab.leftovers().length === 0);
      expect(lab.leftovers()).toEqual([]);
    });

    it('create() names a runtime binary that is missing', async () => {
      const without = kind === 'oci' ? lab.driver('/nonexistent/runtime') : lab.shimDriver('/nonexistent/runtime');

      await expect(without.create(prepare('true'))).rejects.toThrow('/nonexistent/runtime');
    });

    if (kind === 'oci') describeConmon();

    // Their cgroups tell what belongs to them, which they have on the host only.
    function describeUninstalled(): void {
      it('kill() and delete() do without a runtime that was uninstalled', async () => {
        const { request, created } = await run('trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done');
        const other = await run('sleep 300 & exec sleep 300');
        const without = lab.driver('/nonexistent/runtime');
        const exit = without.wait(request, created, never);

        await until(() => lab.logLines(request.logPath ?? '').includes('ready'));
        await without.kill(request, TERM, 'init');

        expect(await exit).toMatchObject({ exitCode: 3, known: true });
        await without.delete(request);
        await without.delete(other.request);
        expect([isAlive(other.created.init), isAlive(other.created.monitor)]).toEqual([false, false]);
        await without.kill(other.request, KILL, 'all');
        // What a runtime does beside its verbs; in the daemon, the managers see to it.
        lab.removeCgroups(request.id, other.request.id);
      });
    }

    // What is conmon's and the OCI runtime's command line alone.
    function describeConmon(): void {
      it('create() names a monitor binary that is missing', async () => {
        await expect(lab.driver(path, '/nonexistent/conmon').create(prepare('true'))).rejects.toThrow(
          '/nonexistent/conmon',
        );
      });

      if (!isInside) describeUninstalled();

      it('wait() reports an exit as unknown when the monitor was killed before', async () => {
        const { request, created } = await run('while :; do sleep 0.1; done');
        const exit = driver.wait(request, created, never);
        process.kill(created.monitor.pid, 'SIGKILL');
        await sleep(300);
        expect(isAlive(created.init)).toBe(true);

        await driver.kill(request, KILL, 'init');

        expect(await exit).toMatchObject({ exitCode: 255, known: false });
      });

      it('delete() finishes a create whose daemon died in the middle', async () => {
        const request = prepare('exec sleep 300');
        const creating = driver.create(request).catch(() => undefined);
        await until(() => existsSync(`${request.bundle}/conmon-pidfile`));

        await lab.driver(path).delete(request);

        await creating;
        await driver.delete(request);
        // What a runtime that was killed leaves of these; in the daemon, the managers see to it.
        lab.removeCgroups(request.id);
      });
    }
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await condition()); waited += 10) {
    if (waited > 10_000) throw new Error('the condition did not come true within 10 s');
    await sleep(10);
  }
}

function memoryLimit(pid: number): number {
  const cgroups = readFileSync(`/proc/${pid}/cgroup`, 'latin1');
  const legacy = /^\d+:[^:]*\bmemory\b[^:]*:(.*)$/m.exec(cgroups)?.[1];
  if (legacy !== undefined)
    return Number(readFileSync(`/sys/fs/cgroup/memory${legacy}/memory.limit_in_bytes`, 'latin1'));
  const unified = /^0::(.*)$/m.exec(cgroups)?.[1] ?? '';
  return Number(readFileSync(`/sys/fs/cgroup${unified}/memory.max`, 'latin1'));
}

/** Takes one piece at a time, and its time for each. */
class SlowReader extends Writable {
  text = '';

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(piece: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += piece.toString();
    setTimeout(done, 5);
  }
}
