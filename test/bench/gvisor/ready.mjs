// Starts and removes gVisor pods under two daemons in turn, and prints the medians beside each other.
// Options: --endpoint SOCKET (or CONTAINER_RUNTIME_ENDPOINT), --peer SOCKET, --handler runsc, --samples 10
import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connect } from '../client.mjs';
import { median } from '../median.mjs';
import { image, Pods } from '../pods.mjs';

const { values: options } = parseArgs({
  options: {
    endpoint: { type: 'string', default: process.env.CONTAINER_RUNTIME_ENDPOINT ?? '' },
    peer: { type: 'string' },
    handler: { type: 'string', default: 'runsc' },
    samples: { type: 'string', default: '10' },
  },
});

async function open(endpoint) {
  const { rpc, close } = connect(endpoint);
  const { runtimeName, runtimeVersion } = await rpc.Version();
  await rpc.PullImage({ image: { image } });
  const pods = new Pods({ rpc, handler: options.handler });
  return { name: `${runtimeName} ${runtimeVersion}`, rpc, close, pods, samples: [] };
}

async function sample({ pods, rpc }) {
  const pod = await pods.start();
  const started = performance.now();
  await rpc.ExecSync({ containerId: pod.containerId, cmd: ['true'], timeout: 10 });
  const exec = performance.now() - started;
  return { ...pod.times, exec, gone: await pods.remove(pod) };
}

const own = await open(options.endpoint);
const peer = await open(options.peer);
const subjects = [own, peer];
for (const subject of subjects) await sample(subject);
for (let count = 0; count < Number(options.samples); count += 1) {
  for (const subject of subjects) subject.samples.push(await sample(subject));
}
console.log(
  `\nhandler ${options.handler}, medians of ${options.samples} samples taken in turn${process.env.PEER_NOTE ?? ''}\n`,
);
console.log(`| | ${own.name} | ${peer.name} | ratio |\n|---|---|---|---|`);
const rows = {
  RunPodSandbox: 'sandbox',
  CreateContainer: 'create',
  StartContainer: 'start',
  'pod ready': 'ready',
  'ExecSync(true)': 'exec',
  'pod gone': 'gone',
};
for (const [title, step] of Object.entries(rows)) {
  const [ours, theirs] = subjects.map(({ samples }) => median(samples.map((times) => times[step])));
  console.log(`| ${title} | ${ours.toFixed(0)} ms | ${theirs.toFixed(0)} ms | ${(ours / theirs).toFixed(2)} |`);
}
for (const { pods, close } of subjects) {
  rmSync(pods.logDirectory, { recursive: true, force: true });
  close();
}
