// CDI devices, from a vendor's spec to the container.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crictl, IMAGE, PodFiles } from './lab.ts';

const DIRECTORY = '/var/run/cdi';
const SPEC = join(DIRECTORY, 'crisol-e2e.json');
const YAML = join(DIRECTORY, 'crisol-e2e.yaml');
const files = new PodFiles();
let pod = '';

async function run(name: string, more: object): Promise<string> {
  const config = files.container(name, 'while :; do sleep 0.1; done', {}, more);
  const id = await crictl('create', pod, config, files.pod('cdi'));
  await crictl('start', id);
  return id;
}

describe('CDI devices', () => {
  beforeAll(async () => {
    mkdirSync(DIRECTORY, { recursive: true });
    const hook = { hookName: 'createRuntime', path: '/bin/sh', args: ['sh', '-c', `cat >${files.directory}/hooked`] };
    const devices = ['zero', 'null'].map((name) => ({
      name,
      containerEdits: {
        env: [`ACME_${name.toUpperCase()}=yes`],
        deviceNodes: [{ path: `/dev/acme-${name}`, hostPath: `/dev/${name}`, permissions: 'rw' }],
      },
    }));
    const mounts = [{ hostPath: files.directory, containerPath: '/acme', options: ['ro', 'bind'] }];
    const containerEdits = { mounts, hooks: [hook], additionalGids: [4242] };
    writeFileSync(SPEC, JSON.stringify({ cdiVersion: '0.7.0', kind: 'crisol.invalid/dev', devices, containerEdits }));
    const lines = ['cdiVersion: 0.5.0', 'kind: crisol.invalid/yaml', 'devices:', '- name: all'];
    writeFileSync(YAML, [...lines, '  containerEdits:', '    env:', '    - ACME_YAML=yes', ''].join('\n'));
    await crictl('pull', IMAGE);
    pod = await crictl('runp', files.pod('cdi'));
  }, 60_000);

  afterAll(async () => {
    await crictl('rmp', '--force', pod);
    await crictl('rmi', IMAGE);
    for (const path of [SPEC, YAML]) rmSync(path, { force: true });
    files.remove();
  });

  it('reach the container by field and by annotation', async () => {
    const id = await run('user', {
      CDI_devices: [{ name: 'crisol.invalid/dev=zero' }],
      annotations: { 'cdi.k8s.io/more': 'crisol.invalid/dev=null,crisol.invalid/yaml=all' },
    });

    const script =
      'echo $ACME_ZERO $ACME_NULL $ACME_YAML; head -c 3 /dev/acme-zero | wc -c; echo x >/dev/acme-null && id -G; ls /acme';
    const lines = (await crictl('exec', '-s', id, 'sh', '-c', script)).split('\n');
    expect(lines.slice(0, 2)).toEqual(['yes yes yes', '3']);
    expect(lines[2]?.split(' ')).toContain('4242');
    expect(lines).toContain('hooked');
  });

  it('are named when no spec has them', async () => {
    await expect(run('none', { CDI_devices: [{ name: 'crisol.invalid/dev=none' }] })).rejects.toMatchObject({
      stderr: expect.stringContaining('CDI device \\"crisol.invalid/dev=none\\" is in no spec of'),
    });
  });
});
