// The pod that a soak is about: a container to exec in, two to attach to, and a web server on its loopback.
import type { CriClient } from '../e2e/cri-client.ts';
import { IMAGE } from '../e2e/lab.ts';
import type { Targets } from './dropped-clients.ts';

const PORT = 8080;
const SERVE = `dd if=/dev/zero bs=1M count=20 of=/big 2>/dev/null; httpd -p 127.0.0.1:${PORT} -h /; while :; do sleep 60; done`;

export async function startTargets(client: CriClient): Promise<Targets> {
  const metadata = { name: 'soak', uid: 'uid-soak', namespace: 'soak', attempt: 0 };
  const linux = { securityContext: { namespaceOptions: { pid: 'CONTAINER' as const } } };
  await client.call('PullImage', { image: { image: IMAGE } });
  const { podSandboxId } = await client.call('RunPodSandbox', { config: { metadata, linux } });
  const start = async (name: string, script: string, more: { stdin?: boolean; tty?: boolean } = {}) => {
    const config = { metadata: { name }, image: { image: IMAGE }, command: ['sh', '-c', script], linux, ...more };
    const { containerId } = await client.call('CreateContainer', { podSandboxId, config, sandboxConfig: { metadata } });
    await client.call('StartContainer', { containerId });
    return containerId;
  };
  return {
    pod: podSandboxId,
    container: await start('main', SERVE),
    reader: await start('reader', 'while :; do cat >/dev/null; sleep 0.1; done', { stdin: true }),
    terminal: await start('terminal', 'while :; do cat >/dev/null; sleep 0.1; done', { stdin: true, tty: true }),
    port: PORT,
    path: '/big',
  };
}
