// Times pulls from empty stores, interleaved, and prints medians and ratios as Markdown tables: of the time that passed,
// and of the processor time that daemons and tools took until the pull was over.
// Options: --runs 3, --cases a,b (all), --subjects crisol,umoci (all; parts of names), --keep-caches, --memory
// (stores on tmpfs instead of the disk)
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../median.mjs';
import { probe } from './latency.mjs';
import { leaveCgroup, ownCgroup, subjects } from './subjects.mjs';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    cases: { type: 'string', default: '' },
    subjects: { type: 'string', default: '' },
    'keep-caches': { type: 'boolean', default: false },
    memory: { type: 'boolean', default: false },
  },
});

const cases = [
  { name: 'ten-layers', what: 'ten layers, 500 MB', image: 'ten-layers' },
  { name: 'one-layer', what: 'one layer, 1 GB', image: 'one-layer' },
  { name: 'small-files', what: '20,000 small files', image: 'small-files' },
  { name: 'zstd', what: 'ten layers, 500 MB, zstd', image: 'zstd' },
  { name: 'ten-pulls', what: 'ten pulls of one image at once', image: 'ten-layers', pulls: 10, daemonsOnly: true },
  { name: 'rpc', what: 'p99 of an RPC meanwhile', image: 'ten-layers', isLatency: true, daemonsOnly: true },
];

const chosen = (all, names) => {
  const parts = names.split(',').filter(Boolean);
  return parts.length === 0 ? all : all.filter(({ name }) => parts.some((part) => name.includes(part)));
};

const scratch = process.env.BENCH_SCRATCH;
if (options.memory) execFileSync('mount', ['-t', 'tmpfs', 'bench', scratch]);
let turn = 0;

const DISK_BYTES = 8 * 1024 ** 3;

/**
 * Gives a pull a new file system of its own: on one where the last pull's files were just removed, ext4 looks for long for
 * inodes that were not freed of late. Returns how to take it away.
 */
function mountDisk(directory) {
  if (options.memory) return () => undefined;
  const image = `${directory}.img`;
  const fd = openSync(image, 'w');
  ftruncateSync(fd, DISK_BYTES);
  closeSync(fd);
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  // Past the page cache of the disk below: what is written back is not held twice.
  const device = execFileSync('losetup', ['--find', '--show', '--direct-io=on', image], { encoding: 'utf8' }).trim();
  execFileSync('mount', [device, directory]);
  return () => {
    execFileSync('umount', ['--lazy', directory]);
    // Takes effect when nothing uses it any more.
    execFileSync('losetup', ['--detach', device]);
    rmSync(image);
  };
}

function dropCaches() {
  if (options['keep-caches']) return;
  if (!options.memory) execFileSync('sync');
  try {
    writeFileSync('/proc/sys/vm/drop_caches', '3');
  } catch {
    console.error('caches cannot be dropped here');
  }
}

/** One pull from an empty store: milliseconds that passed, or the p99 of RPCs meanwhile; and those of processors. */
async function measure(subject, { image, pulls = 1, isLatency = false }) {
  const directory = join(scratch, String((turn += 1)));
  mkdirSync(directory);
  const takeAway = mountDisk(directory);
  try {
    return await measureOn(directory, subject, { image, pulls, isLatency });
  } finally {
    takeAway();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function measureOn(directory, subject, { image, pulls, isLatency }) {
  await subject.start(directory);
  try {
    dropCaches();
    const watched = isLatency ? await probe(subject.rpc) : undefined;
    const cpuBefore = subject.cpuMs;
    const started = performance.now();
    await Promise.all(Array.from({ length: pulls }, () => subject.pull(image)));
    const took = performance.now() - started;
    const cpu = subject.cpuMs - cpuBefore;
    return { took: watched === undefined ? took : await watched.stop(), cpu };
  } finally {
    await subject.stop();
  }
}

const show = (ms) => (ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${ms.toFixed(ms < 100 ? 1 : 0)} ms`);

// Who asks for RPCs is not to wait for a processor behind the registry.
const cgroup = ownCgroup(process.pid);
process.once('exit', () => leaveCgroup(cgroup));

const all = chosen(subjects(), options.subjects);
const tables = { took: [], cpu: [] };
for (const one of chosen(cases, options.cases)) {
  const results = new Map(all.map((subject) => [subject, []]));
  for (let run = 0; run < Number(options.runs); run += 1) {
    for (const subject of all) {
      if (one.daemonsOnly && !subject.isDaemon) continue;
      const result = await measure(subject, one);
      results.get(subject).push(result);
      const times = `${show(result.took)}, ${show(result.cpu)} of processors`;
      console.error(`${one.name}, run ${run + 1}, ${subject.name}: ${times}`);
    }
  }
  for (const [what, rows] of Object.entries(tables)) {
    const medians = all.map((subject) => {
      const values = results.get(subject).map((result) => result[what]);
      return values.length === 0 ? undefined : median(values);
    });
    const best = Math.min(...medians.filter((value, at) => value !== undefined && !all[at].isOwn));
    const ratio = Number.isFinite(best) && all[0].isOwn ? (medians[0] / best).toFixed(2) : '';
    if (what === 'took' || !one.isLatency)
      rows.push([one.what, ...medians.map((value) => (value === undefined ? '-' : show(value))), ratio]);
  }
}
for (const [title, rows] of [
  ['medians of', tables.took],
  ['processor time, medians of', tables.cpu],
]) {
  const heads = [`${title} ${options.runs}`, ...all.map(({ name }) => name), 'crisol / best peer'];
  const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  console.log(`\n${lines.join('\n')}`);
}
