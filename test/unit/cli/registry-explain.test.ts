import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCli } from '../../../src/cli/cli.ts';
import { makeImage, serve } from '../../fakes/fake-image.ts';
import { FakeRegistry } from '../../fakes/fake-registry.ts';

let directory: string;
let mirror: FakeRegistry;
let registry: FakeRegistry;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'crisol-explain-'));
  mirror = new FakeRegistry();
  registry = new FakeRegistry();
  await mirror.listen();
  await registry.listen();
  mkdirSync(join(directory, 'certs.d/registry.test'), { recursive: true });
  writeFileSync(
    join(directory, 'certs.d/registry.test/hosts.toml'),
    `server = "http://${registry.address}"\n[host."http://${mirror.address}"]\ncapabilities = ["pull", "resolve"]\n`,
  );
  const secret = Buffer.from('me:hunter2').toString('base64');
  writeFileSync(join(directory, 'docker.json'), JSON.stringify({ auths: { [mirror.address]: { auth: secret } } }));
  const images = `registry_dirs = ["${directory}/certs.d"]\ndocker_config = "${directory}/docker.json"\n`;
  writeFileSync(join(directory, 'config.toml'), `version = 1\n[images]\n${images}`);
});
afterEach(async () => {
  await mirror.close();
  await registry.close();
  rmSync(directory, { recursive: true });
});

async function explain(reference: string): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const code = await runCli(['registry', 'explain', '--config', join(directory, 'config.toml'), reference], {
    output: { out: (more) => (text += more), err: (more) => (text += more), terminal: undefined },
    runDaemon: () => Promise.resolve(0),
    readStdin: () => Promise.resolve(''),
    checkHandlers: () => Promise.reject(new RangeError('not asked for')),
  });
  return { code, text };
}

describe('crisol registry explain', () => {
  it('asks every host in order and tells what each said, showing no secret', async () => {
    const image = makeImage();
    serve(registry, image, 'app', 'v1');

    const { code, text } = await explain('registry.test/app:v1');

    expect(code).toBe(0);
    expect(text).toMatch(
      new RegExp(
        `^registry.test/app:v1\n1. mirror http://${mirror.address}/v2\n.*pull, resolve\n.*no TLS\n` +
          `.*password of ${directory}/docker.json\n.*answer .*not found at registry "${mirror.address}".*\n` +
          `2. mirror http://${registry.address}/v2\n[^]*credentials +none\n.*answer +has ${image.manifestDigest} `,
      ),
    );
    expect(text).not.toContain('hunter2');
  });

  it('fails when no host has the image', async () => {
    await expect(explain('registry.test/app:v1')).resolves.toMatchObject({ code: 1 });
  });
});
