import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCdiEdits } from '../../../src/container/cdi-devices.ts';

let base: string;
let directories: string[];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'crisol-cdi-'));
  directories = [join(base, 'etc'), join(base, 'run')];
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function write(directory: string, name: string, content: object | string): void {
  mkdirSync(join(base, directory), { recursive: true });
  writeFileSync(join(base, directory, name), typeof content === 'string' ? content : JSON.stringify(content));
}

function spec(devices: Record<string, object>, containerEdits?: object): object {
  const list = Object.entries(devices).map(([name, edits]) => ({ name, containerEdits: edits }));
  return { cdiVersion: '0.6.0', kind: 'acme.com/gpu', devices: list, containerEdits };
}

describe('findCdiEdits()', () => {
  it('reads nothing when nothing is asked for', async () => {
    expect(await findCdiEdits([], ['/nowhere'])).toEqual([]);
  });

  it('gives the edits of a spec once, before those of its devices', async () => {
    write('etc', 'acme.json', spec({ 0: { env: ['A=0'] }, 1: { env: ['A=1'] } }, { env: ['ALL=1'] }));

    const edits = await findCdiEdits(['acme.com/gpu=1', 'acme.com/gpu=0'], directories);

    expect(edits.map(({ env }) => env)).toEqual([['ALL=1'], ['A=1'], ['A=0']]);
  });

  it('prefers the later directory', async () => {
    write('etc', 'acme.json', spec({ 0: { env: ['FROM=etc'] }, 1: { env: ['FROM=etc'] } }));
    write('run', 'acme.json', spec({ 0: { env: ['FROM=run'] } }));

    const edits = await findCdiEdits(['acme.com/gpu=0', 'acme.com/gpu=1'], directories);

    expect(edits.map(({ env }) => env)).toEqual([['FROM=run'], ['FROM=etc']]);
  });

  it('completes device nodes from the host, where the spec leaves them open', async () => {
    const deviceNodes = [
      { path: '/dev/own', hostPath: '/dev/null', permissions: 'r' },
      { path: '/dev/told', type: 'b', major: 7, minor: 200, uid: 1, gid: 2, fileMode: 0o600 },
    ];
    write('etc', 'acme.json', spec({ 0: { deviceNodes } }));

    const [edits] = await findCdiEdits(['acme.com/gpu=0'], directories);

    const { uid, gid } = statSync('/dev/null');
    expect(edits?.nodes).toEqual([
      {
        device: { path: '/dev/own', type: 'c', major: 1, minor: 3, fileMode: 0o666, uid, gid },
        permissions: 'r',
      },
      {
        device: { path: '/dev/told', type: 'b', major: 7, minor: 200, fileMode: 0o600, uid: 1, gid: 2 },
        permissions: '',
      },
    ]);
  });

  it('names a device that is nowhere, and the files that were no help', async () => {
    write('etc', 'acme.json', spec({ 0: {} }));
    write('etc', 'broken.json', '{');
    write('run', 'other.yaml', 'kind: acme.com/gpu\nkind: acme.com/gpu');

    await expect(findCdiEdits(['acme.com/gpu=7'], directories)).rejects.toMatchObject({
      code: 'failed-precondition',
      message: expect.stringMatching(
        /^CDI device "acme\.com\/gpu=7" is in no spec of .*; .*broken\.json" is not JSON.*; .*other\.yaml" is not YAML/,
      ),
    });
  });

  it('serves a device although another file is broken', async () => {
    write('etc', 'acme.json', spec({ 0: { env: ['A=1'] } }));
    write('etc', 'broken.json', '{');

    expect(await findCdiEdits(['acme.com/gpu=0'], directories)).toHaveLength(1);
  });

  it('reads YAML as vendors write it', async () => {
    const lines = [
      '---',
      'cdiVersion: "0.5.0"',
      'kind: acme.com/gpu',
      'devices:',
      '- name: "0"',
      '  containerEdits:',
      '    deviceNodes:',
      '    - path: /dev/gpu0',
      '      hostPath: /dev/null',
      'containerEdits:',
      '  env:',
      '  - ACME_VISIBLE_DEVICES=void',
    ];
    write('etc', 'acme.yaml', lines.join('\n'));

    const [all, device] = await findCdiEdits(['acme.com/gpu=0'], directories);

    expect(all?.env).toEqual(['ACME_VISIBLE_DEVICES=void']);
    expect(device?.nodes).toMatchObject([{ device: { path: '/dev/gpu0', major: 1, minor: 3 } }]);
  });

  it('refuses a device that one directory defines twice', async () => {
    write('etc', 'a.json', spec({ 0: {} }));
    write('etc', 'b.json', spec({ 0: {} }));

    await expect(findCdiEdits(['acme.com/gpu=0'], directories)).rejects.toThrow(
      'CDI device "acme.com/gpu=0" is defined twice',
    );
  });

  it.each(['/nowhere/gpu0', '/etc/passwd'])('names the device whose node %s cannot be used', async (path) => {
    write('etc', 'acme.json', spec({ 0: { deviceNodes: [{ path }] } }));

    await expect(findCdiEdits(['acme.com/gpu=0'], directories)).rejects.toMatchObject({
      message: expect.stringMatching(/^CDI device "acme\.com\/gpu=0" cannot be used: .*(nowhere|passwd)/),
    });
  });
});
