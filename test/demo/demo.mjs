// Runs the same pod on every handler of a daemon and shows what each did. Usage: node demo.mjs SOCKET ARCHIVE
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect } from '../bench/client.mjs';
import { linux } from '../bench/pods.mjs';
import { table } from './table.mjs';

const [socket, archive] = process.argv.slice(2);
const image = 'localhost/demo/busybox:latest';
const crisol = join(dirname(fileURLToPath(import.meta.url)), '../../dist/bundle/main.js');
const { rpc, close } = connect(socket);
const logs = mkdtempSync(join(tmpdir(), 'crisol-demo-'));

const say = (text) => console.log(`    ${text}`);
// Its own limit of 2 s is short for a busy machine.
const crictlFlags = [
  '--timeout',
  '30s',
  '--runtime-endpoint',
  `unix://${socket}`,
  '--image-endpoint',
  `unix://${socket}`,
];
const crictl = (...args) =>
  execFileSync('crictl', [...crictlFlags, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
const runCrisol = (...args) => execFileSync(process.execPath, [crisol, ...args], { encoding: 'utf8' }).trim();

async function ready() {
  for (let tries = 0; ; tries += 1) {
    try {
      return await rpc.Version();
    } catch (error) {
      if (tries === 100) throw new Error(`the daemon did not answer: ${error.details}`);
      await sleep(100);
    }
  }
}

async function startPod(handler) {
  const config = {
    metadata: { name: `hello-${handler}`, uid: `hello-${handler}`, namespace: 'demo', attempt: 0 },
    logDirectory: logs,
    hostname: `pod-on-${handler}`,
    linux,
  };
  const started = performance.now();
  const { podSandboxId } = await rpc.RunPodSandbox({ config, runtimeHandler: handler });
  const { containerId } = await rpc.CreateContainer({
    podSandboxId,
    sandboxConfig: config,
    config: {
      metadata: { name: 'hello', attempt: 0 },
      image: { image },
      command: ['sh', '-c', 'echo "hello from $(hostname)"; trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'],
      logPath: `${handler}.log`,
      linux: { ...linux, resources: { memoryLimitInBytes: String(64 << 20) } },
    },
  });
  await rpc.StartContainer({ containerId });
  return { containerId, milliseconds: performance.now() - started };
}

async function firstLogLine(containerId) {
  for (let tries = 0; tries < 50; tries += 1) {
    const line = crictl('logs', '--tail', '1', containerId);
    if (line !== '') return line;
    await sleep(100);
  }
  return 'no line within 5 s';
}

async function tour({ name: handler, state, reason, cure }) {
  if (state !== 'ready') return [handler, `not run, ${state}: ${reason}${cure === '' ? '' : ` (${cure})`}`];
  try {
    const { containerId, milliseconds } = await startPod(handler);
    const kernel = crictl('exec', '--sync', containerId, 'uname', '-r');
    const exec = crictl(
      'exec',
      '--sync',
      containerId,
      'sh',
      '-c',
      'echo "pid $$, $(ls /proc | grep -c ^[0-9]) processes"',
    );
    const { stats } = await rpc.ContainerStats({ containerId });
    const memory = Number(stats?.memory?.workingSetBytes?.value ?? 0) / 1e6;
    const cpu = Number(stats?.cpu?.usageCoreNanoSeconds?.value ?? 0) / 1e6;
    const log = await firstLogLine(containerId);
    return [
      handler,
      kernel,
      log,
      exec,
      `${cpu.toFixed(0)} ms`,
      `${memory.toFixed(1)} MB`,
      `${milliseconds.toFixed(0)} ms`,
    ];
  } catch (error) {
    process.exitCode = 1;
    return [handler, `FAILED: ${error.details ?? error.stderr ?? error.message}`];
  }
}

const { runtimeName, runtimeVersion } = await ready();
say(`${runtimeName} ${runtimeVersion} answers on ${socket}`);
say(`crisol image import: ${runCrisol('image', 'import', '--socket', socket, archive, image)}`);
const handlers = JSON.parse(runCrisol('handlers', '--json', '--socket', socket));
const rows = [];
for (const handler of handlers) rows.push(await tour(handler));
console.log(`\n${table(['handler', 'kernel', 'log', 'exec', 'cpu', 'memory', 'pod started in'], rows)}\n`);
say(crictl('pods').replaceAll('\n', '\n    '));
crictl('rmp', '--all', '--force');
crictl('rmi', image);
rmSync(logs, { recursive: true, force: true });
close();
const left = crictl('pods', '--quiet') + crictl('ps', '--all', '--quiet') + crictl('images', '--quiet');
if (left !== '') throw new Error(`still listed: ${left}`);
say('removed: crictl lists no pod, no container and no image');
if (!rows.some((row) => row.length > 2)) process.exitCode = 1;
