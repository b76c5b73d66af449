// Runtime handlers by name, and what their tables say: each key has its effect on real pods.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crictl, crictlJson, IMAGE, killDaemon, lab, PodFiles, startDaemon } from './lab.ts';

const PAUSE_IMAGE = 'registry.k8s.io/pause:3.9';
const FOREVER = 'trap "exit 3" TERM; while :; do sleep 0.1; done';
const sharedPid = { linux: { security_context: { namespace_options: { pid: 0 } } } };

const files = new PodFiles();
const dropIns = join(lab('LAB_DIR'), 'config.toml.d');
const copiedRunc = join(lab('LAB_DIR'), 'copied-runc');

function writeDropIn(): void {
  const profile = join(files.directory, 'profile.json');
  const syscalls = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }];
  writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls }));
  const baseSpec = join(files.directory, 'base.json');
  const rlimits = [{ type: 'RLIMIT_CORE', hard: 4096, soft: 4096 }];
  const tmpfs = { destination: '/from-base', type: 'tmpfs', source: 'tmpfs', options: ['size=64k'] };
  const process = { env: ['FROM_BASE=yes', 'PATH=/nowhere'], rlimits };
  writeFileSync(baseSpec, JSON.stringify({ ociVersion: '1.0.2', process, mounts: [tmpfs] }));
  mkdirSync(dropIns, { recursive: true });
  writeFileSync(
    join(dropIns, 'handlers.toml'),
    `[cri]
pause_image = "${PAUSE_IMAGE}"
[runtimes.strict]
kind = "oci"
path = "runc"
seccomp_profile = "${profile}"
container_min_memory = "16MiB"
base_spec = "${baseSpec}"
[runtimes.unprofiled]
kind = "oci"
path = "runc"
seccomp_profile = "/nowhere/profile.json"
[runtimes.copied]
kind = "oci"
path = "${copiedRunc}"
`,
  );
}

async function restart(): Promise<void> {
  killDaemon();
  await startDaemon();
}

/** Runs a container in a pod of its own; both have this name. */
async function run(handler: string, name: string, script: string, more: { pod?: object; linux?: object } = {}) {
  const podFile = files.pod(name, more.pod);
  const pod = await crictl('runp', '-r', handler, podFile);
  const container = await crictl('create', pod, files.container(name, script, more.linux), podFile);
  await crictl('start', container);
  return { pod, container };
}

describe('a runtime handler', () => {
  beforeAll(async () => {
    copyFileSync((await execa('which', ['runc'])).stdout, copiedRunc);
    writeDropIn();
    await restart();
    await crictl('pull', IMAGE);
  }, 60_000);

  afterAll(async () => {
    await crictl('rmp', '--all', '--force');
    await crictl('rmi', '--all');
    rmSync(dropIns, { recursive: true });
    await restart();
    files.remove();
  }, 60_000);

  it('crun: is ready here, and runs a pod', async () => {
    const { container } = await run('crun', 'on-crun', FOREVER);

    expect(await crictl('exec', '-s', container, 'echo', 'here')).toBe('here');
    await crictl('stop', '--timeout', '10', container);
    expect(await crictlJson('inspect', container)).toMatchObject({ status: { exitCode: 3 } });
  });

  it('pause_image: the pause process is of that image, which is pulled and pinned', async () => {
    const { container } = await run('runc', 'paused', FOREVER, { pod: sharedPid });

    // crisol's own program has 192 bytes.
    const size = Number(await crictl('exec', '-s', container, 'sh', '-c', 'wc -c </proc/1/exe'));
    expect(size).toBeGreaterThan(10_000);
    expect(await crictlJson('inspecti', PAUSE_IMAGE)).toMatchObject({ status: { pinned: true } });
  });

  it('pause_image: a value that is no image ends the start, with the key in the message', async () => {
    const config = join(files.directory, 'bad.toml');
    const places = `root = "${files.directory}/root"\nrun = "${files.directory}/run"\n`;
    writeFileSync(config, `version = 1\n${places}[cri]\npause_image = "Not An Image"\n`);
    const entry = join(lab('REPO'), 'dist/bundle/main.js');

    const daemon = await execa(process.execPath, [entry, 'serve', '--config', config], {
      reject: false,
      timeout: 10_000,
      forceKillAfterDelay: 100,
    });

    expect(daemon).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('crisol: cri.pause_image: invalid') });
  }, 20_000);

  it('seccomp_profile: is what RuntimeDefault means, and Unconfined goes without', async () => {
    const script = 'mkdir /made && echo made';
    const of = (type: number) => ({ linux: { security_context: { seccomp: { profile_type: type } } } });
    await run('strict', 'confined', script, of(0));
    await run('strict', 'unconfined', script, of(1));
    await sleep(500);

    expect(files.log('confined')).toEqual([expect.stringContaining('Permission denied')]);
    expect(files.log('unconfined')).toEqual(['made']);
  });

  it('seccomp_profile: a file that is missing fails the handler and is named', async () => {
    await expect(crictl('runp', '-r', 'unprofiled', files.pod('unprofiled'))).rejects.toMatchObject({
      stderr: expect.stringContaining('/nowhere/profile.json'),
    });
  });

  it('base_spec: containers get its mounts, variables and limits below their own', async () => {
    await run('strict', 'based', 'echo $FROM_BASE $(ulimit -c) $(stat -f -c %T /from-base) $PATH');
    await sleep(500);

    // The shell counts in blocks of 512 bytes; the image's PATH wins.
    expect(files.log('based')).toEqual([expect.stringMatching(/^yes 8 tmpfs (?!\/nowhere)/)]);
  });

  it('container_min_memory: a lower limit is refused with both numbers', async () => {
    const tooLow = { linux: { resources: { memory_limit_in_bytes: 1_000_000 } } };

    await expect(run('strict', 'starved', FOREVER, tooLow)).rejects.toMatchObject({
      stderr: expect.stringMatching(/InvalidArgument.*1000000 bytes.*16777216 bytes/),
    });
  });

  it('a runtime that was uninstalled: its containers can be stopped and removed, also by the next daemon', async () => {
    const first = await run('copied', 'first', FOREVER, { pod: sharedPid });
    const second = await run('copied', 'second', FOREVER);
    rmSync(copiedRunc);

    await crictl('stop', '--timeout', '10', first.container);
    expect(await crictlJson('inspect', first.container)).toMatchObject({ status: { exitCode: 3 } });
    await restart();
    await crictl('rmp', '--force', first.pod, second.pod);

    expect(await crictl('pods', '--quiet', '--name', 'first')).toBe('');
    expect(await crictl('pods', '--quiet', '--name', 'second')).toBe('');
  }, 30_000);
});
