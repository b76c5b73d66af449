// Thousands of execs and of clients that vanish, against one daemon: it must hold nothing afterwards that it did not
// hold before. Options: --execs 10000 --clients 1000 --seed 1
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { CriClient } from '../e2e/cri-client.ts';
import { lab } from '../e2e/lab.ts';
import { growth, table } from './compare.ts';
import { DroppedClients } from './dropped-clients.ts';
import { Execs } from './execs.ts';
import { measure, type Measured } from './measure.ts';
import { seeded } from './random.ts';
import { startTargets } from './targets.ts';

const { values: options } = parseArgs({
  options: {
    execs: { type: 'string', default: '10000' },
    clients: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
/** Before the first measurement: code is compiled, pools are filled. */
const WARM_UP = { execs: 300, clients: 150 };
const AT_ONCE = 6;
/** What clients leave is found by probes of some seconds. */
const SETTLE_TRIES = 30;

/** Runs a job `times` times, a few at once. */
async function repeat(times: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < times) await job(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function now(): Promise<Measured> {
  const pid = Number(readFileSync(`${lab('LAB_DIR')}/daemon.pid`, 'utf8'));
  return measure(pid, lab('LAB_DAEMON_LOG'), `${lab('LAB_DIR')}/run`);
}

/** Once two measurements have the same counts. */
async function quiet(): Promise<Measured> {
  let last = await now();
  for (let tries = 0; tries < SETTLE_TRIES; tries += 1) {
    await sleep(4000);
    const next = await now();
    if (growth(next, last).length === 0) return next;
    last = next;
  }
  return last;
}

/** Once nothing has grown, or a time-out later. */
async function settled(before: Measured): Promise<Measured> {
  for (let tries = 0; ; tries += 1) {
    await sleep(1000);
    const after = await now();
    if (growth(before, after).length === 0 || tries === SETTLE_TRIES) return after;
  }
}

const client = new CriClient(lab('CONTAINER_RUNTIME_ENDPOINT').replace('unix://', ''));
print(`soak: seed ${options.seed}`);
const targets = await startTargets(client);
const execs = new Execs(client, targets.container);
const dropped = new DroppedClients(client, targets, seeded(Number(options.seed)));
await repeat(WARM_UP.execs, (index) => execs.run(index));
await repeat(WARM_UP.clients, () => dropped.run());
const before = await quiet();
const started = Date.now();
await Promise.all([
  repeat(Number(options.execs), (index) => execs.run(index)),
  repeat(Number(options.clients), () => dropped.run()),
]);
const seconds = Math.round((Date.now() - started) / 1000);
const after = await settled(before);
print(table(before, after));
const grown = growth(before, after);
for (const line of grown) print(`grown: ${line}`);
const what = `${options.execs} execs and ${options.clients} dropped clients in ${seconds} s`;
print(`soak: ${what}, ${grown.length} things grown`);
await client.call('RemovePodSandbox', { podSandboxId: targets.pod });
client.close();
process.exitCode = grown.length === 0 ? 0 : 1;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
