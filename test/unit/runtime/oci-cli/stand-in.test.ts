import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, identifyProcess } from '../../../../src/host/procfs.ts';
import {
  endUnstarted,
  hasStandIn,
  joinsSandbox,
  prepareStandIn,
  STAND_IN,
  startThroughStandIn,
} from '../../../../src/runtime/oci-cli/stand-in.ts';
import { eventually } from '../../../support/eventually.ts';

// Answers as a runtime whose containers are in another process: `create` tells that one's pid, `wait` what `code` says.
const RUNTIME = `#!/bin/sh
for verb; do case $verb in create | start | wait) break ;; esac; done
case $verb in
create) printf %s "$PPID" >"$DIR/pidfile" ;;
start)
  [ ! -e "$DIR/refuse" ] || { echo '{"level":"error","msg":"no such program"}' >"$DIR/start.log"; exit 128; }
  cat; echo started ;;
wait)
  while [ ! -e "$DIR/code" ]; do sleep 0.02; done
  echo '{"id":"c","exitStatus":'"$(cat "$DIR/code")"'}' ;;
esac
`;

describe('a stand-in', () => {
  let directory: string;
  let container: { id: string; bundle: string };
  let conmon: ChildProcess;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stand-in-'));
    container = { id: 'c', bundle: directory };
    writeFileSync(join(directory, 'runtime'), RUNTIME, { mode: 0o755 });
  });

  afterEach(() => {
    endUnstarted(container);
    rmSync(directory, { recursive: true, force: true });
  });

  /** Does what conmon does, and returns what the stand-in writes to its output. */
  async function create(): Promise<{ output: () => string; pid: number }> {
    prepareStandIn(container);
    const runtime = join(directory, 'runtime');
    const verb = ['--flag=x', 'create', '--bundle', directory, '--pid-file', join(directory, 'pidfile'), 'c'];
    conmon = spawn(STAND_IN.file, [...STAND_IN.args, runtime, ...verb], { env: { ...process.env, DIR: directory } });
    let text = '';
    conmon.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    conmon.stdin?.end('typed ');
    expect(await once(conmon, 'exit')).toEqual([0, null]);
    return { output: () => text, pid: Number(readFileSync(join(directory, 'pidfile'), 'utf8')) };
  }

  it('waits for its release, gives its streams to the start, and ends when the container does', async () => {
    const { output, pid } = await create();
    const identity = identifyProcess(pid);
    expect(identity).toBeDefined();
    expect([hasStandIn(container), existsSync(join(directory, 'started'))]).toEqual([true, false]);

    await startThroughStandIn(container, 'gvisor', 5000);

    await eventually(() => output() === 'typed started\n');
    expect(isAlive(identity!)).toBe(true);
    writeFileSync(join(directory, 'code'), '7');
    await eventually(() => !isAlive(identity!));
  });

  it('tells the first error of a start that fails, and is gone', async () => {
    const { pid } = await create();
    const identity = identifyProcess(pid);
    writeFileSync(join(directory, 'refuse'), '');

    await expect(startThroughStandIn(container, 'gvisor', 5000)).rejects.toThrow(
      'runtime "gvisor" start of container "c": no such program',
    );

    await eventually(() => !isAlive(identity!));
  });

  it('is ended by endUnstarted() before the start only', async () => {
    const { pid } = await create();
    const identity = identifyProcess(pid)!;

    endUnstarted(container);

    await eventually(() => !isAlive(identity));
    await expect(startThroughStandIn(container, 'gvisor', 5000)).rejects.toThrow('stands in for it has ended');
  });
});

describe('joinsSandbox()', () => {
  it('tells the containers of a pod from its sandbox', () => {
    const of = (type: string) => joinsSandbox({ annotations: { 'io.kubernetes.cri.container-type': type } });

    expect([of('container'), of('sandbox'), joinsSandbox({ annotations: {} })]).toEqual([true, false, false]);
  });
});
