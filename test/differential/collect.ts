// Asks the daemon of the lab everything, and writes its answers to a file. Usage: collect.js FILE
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lab } from '../e2e/lab.ts';
import { removeCgroups } from '../e2e/leftovers.ts';
import { Recorder } from './answers.ts';
import { badCalls } from './bad-calls.ts';
import { Events } from './events.ts';
import { info } from './info.ts';
import { Scenario } from './scenario.ts';

const [output] = process.argv.slice(2);
if (output === undefined) throw new RangeError('usage: collect.js FILE');

const directory = mkdtempSync(join(tmpdir(), 'crisol-differential-'));
try {
  mkdirSync(join(directory, 'logs'));
  // The lab looks for what stayed behind in the cgroup that has the name of its directory.
  const cgroupParent = `/crisol-${lab('LAB_DIR').split('.').at(-1)!}`;
  const recorder = new Recorder([
    [lab('LAB_DIR'), '<run>'],
    [lab('LAB_ROOT'), '<root>'],
    [directory, '<files>'],
    [cgroupParent, '<cgroup>'],
    [hostname(), '<host>'],
  ]);
  const scenario = new Scenario(recorder, directory, cgroupParent);
  const events = new Events();
  await info(recorder);
  await scenario.images();
  const lives = await scenario.run();
  await badCalls(recorder, lives);
  await scenario.end();
  recorder.keep('events', await events.end());
  // Those of pods are the kubelet's business.
  await removeCgroups(cgroupParent);
  writeFileSync(output, `${JSON.stringify(recorder.answers, undefined, 2)}\n`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
