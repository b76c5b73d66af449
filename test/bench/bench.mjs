// Measures a CRI daemon the way a kubelet meets it and prints a Markdown table.
// Options: --endpoint SOCKET (or CONTAINER_RUNTIME_ENDPOINT), --handler NAME, --pid DAEMON, --pods 50, --burst 20
import { readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connect } from './client.mjs';
import { helpers, labRoot, pids, pss, rss } from './memory.mjs';
import { image, Pods, workloadMark } from './pods.mjs';
import { format, summarize } from './table.mjs';

const { values: options } = parseArgs({
  options: {
    endpoint: { type: 'string', default: process.env.CONTAINER_RUNTIME_ENDPOINT ?? '' },
    handler: { type: 'string', default: '' },
    pid: { type: 'string', default: '' },
    pods: { type: 'string', default: '50' },
    burst: { type: 'string', default: '20' },
  },
});
const { rpc, close } = connect(options.endpoint);
const pods = new Pods({ rpc, handler: options.handler });
const burst = Number(options.burst);
const daemon = options.pid || readPid();

function readPid() {
  return process.env.LAB_DIR ? readFileSync(`${process.env.LAB_DIR}/daemon.pid`, 'utf8').trim() : '';
}

async function timed(action) {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

async function repeat(count, action) {
  const times = [];
  for (let index = 0; index < count; index += 1) times.push(await action());
  return times;
}

async function sequential() {
  const steps = [];
  const gone = await repeat(Number(options.pods), async () => {
    const pod = await pods.start();
    steps.push(pod.times);
    return pods.remove(pod);
  });
  return { steps, gone };
}

async function crowd() {
  const before = new Set(pids());
  const idle = { pss: pss(daemon), rss: rss(daemon) };
  let running = [];
  const up = await timed(async () => (running = await Promise.all(Array.from({ length: burst }, () => pods.start()))));
  const { containerId } = running[0];
  const times = {
    exec: await repeat(100, () => timed(() => rpc.ExecSync({ containerId, cmd: ['true'], timeout: 10 }))),
    containers: await repeat(300, () => timed(() => rpc.ListContainers())),
    sandboxes: await repeat(300, () => timed(() => rpc.ListPodSandbox())),
    stats: await repeat(100, () => timed(() => rpc.ListContainerStats())),
  };
  const monitors = helpers({ before, root: labRoot(), workloadMark }).filter(({ pid }) => pid !== daemon);
  const loaded = { pss: pss(daemon), rss: rss(daemon) };
  const down = await timed(() => Promise.all(running.map((pod) => pods.remove(pod))));
  return { up: (burst * 1000) / up, down: (burst * 1000) / down, times, monitors, idle, loaded };
}

const version = await rpc.Version();
await rpc.PullImage({ image: { image } });
await repeat(3, async () => pods.remove(await pods.start()));
const one = await sequential();
const many = await crowd();
const results = summarize({ one, many, burst });
console.log(
  `\n${version.runtimeName} ${version.runtimeVersion}, handler "${options.handler || 'default'}", ${options.pods} pods in turn, ${burst} at once\n`,
);
console.log(format(results, `${version.runtimeName} ${version.runtimeVersion}`));
const left = (await rpc.ListPodSandbox()).items ?? [];
rmSync(pods.logDirectory, { recursive: true, force: true });
close();
if (left.some((pod) => pod.metadata?.namespace === 'bench')) throw new Error('pods of the benchmark are still listed');
