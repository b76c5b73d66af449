// Proves that a shim works: starts it, has it create a task of nothing in a directory of its own, and deletes that.
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failedPrecondition } from '../../errors.ts';
import { withTimeout } from '../../async/timeout.ts';
import { mergeFeatures, parseFeatures, parseVersion, type MergedFeatures } from '../features.ts';
import type { ShimHandlerSpec } from '../handler.ts';
import { locateProgram } from '../locate-program.ts';
import { Stages } from '../preflight-stages.ts';
import { unmountBundleRootfs } from '../bundle-rootfs.ts';
import { placeOf, trialSpec, writeRootfs, type TrialPlace } from '../preflight-trial.ts';
import { checkProgramKind } from '../program-kind.ts';
import { ShimHost } from './shim-host.ts';
import { shimTraits } from './traits.ts';

const CLEAN_UP_MS = 10_000;

/** What helps where a device is missing. */
const DEVICE_CURES: Readonly<Record<string, string>> = {
  '/dev/kvm': 'turn hardware virtualisation on (nested, on a virtual machine) and load the module kvm_intel or kvm_amd',
  '/dev/vhost-vsock': 'modprobe vhost_vsock, and keep it loaded with a file below /etc/modules-load.d',
};

/**
 * Looks for the devices a shim's virtual machines need, before anything is started.
 * @throws failed-precondition that names the missing one and its cure
 */
export function checkDevices(shimPath: string): void {
  const missing = shimTraits(shimPath).devices.find((device) => !existsSync(device));
  if (missing === undefined) return;
  const reason = `device "${missing}" does not exist, and shim "${shimPath}" cannot work without it`;
  throw failedPrecondition(reason, undefined, DEVICE_CURES[missing]);
}

/** Asks a shim what it is and what it can do, and has it make a task. */
export async function proveShim(spec: ShimHandlerSpec, path: string, runDir: string): Promise<MergedFeatures> {
  const stages = new Stages(spec.env, spec.preflightTimeoutMs);
  const started = Date.now();
  checkProgramKind(path, 'shim-v2', await stages.run('version', path, ['--version']));
  const said = await stages.expectSuccess('version', path, ['-v']);
  const { sandboxProcess, containerCgroups, portForward, hostNetwork, ...traits } = shimTraits(path);
  const merged = mergeFeatures(
    parseVersion(said.stdout.toString()),
    await askRuntime(spec, path, stages),
    spec.features,
    {
      sandboxProcess,
      containerCgroups,
      portForward,
      hostNetworkArgs: hostNetwork ? [] : null,
      obeysPathRules: traits.obeysPathRules,
      selinux: traits.selinux,
      ...(traits.recursiveReadOnlyMounts && { recursiveReadOnlyMounts: true }),
    },
  );
  const leftMs = Math.max(1, spec.preflightTimeoutMs - (Date.now() - started));
  await tryShim(spec, path, placeOf(spec.name, runDir), merged, leftMs);
  return merged;
}

/** What the OCI runtime below a shim says of itself, for shims that have one. */
async function askRuntime(spec: ShimHandlerSpec, path: string, stages: Stages) {
  if (shimTraits(path).options !== 'runc') return undefined;
  const runtime = locateProgram(spec.binary ?? 'runc', spec.env['PATH'] ?? '');
  const { exitCode, stdout } = await stages.run('features', runtime, ['features']);
  return exitCode === 0 ? parseFeatures(stdout.toString()) : undefined;
}

async function tryShim(
  spec: ShimHandlerSpec,
  path: string,
  trial: TrialPlace,
  { features }: MergedFeatures,
  limitMs: number,
): Promise<void> {
  // Shims look for a bundle by its task's name.
  const place = { ...trial, bundle: join(trial.dir, trial.id) };
  const { name, binary, configPath, systemdCgroup, env } = spec;
  const limits = { createMs: limitMs, startMs: limitMs, controlMs: limitMs, deleteMs: CLEAN_UP_MS };
  const shim = {
    ...{ handler: name, path, binary, configPath, systemdCgroup, env },
    version: features.version,
    root: place.root,
    timeouts: limits,
  };
  // Nobody listens to this one's events, and what is left of it is looked for by name.
  const own = { runDir: place.dir, bundles: place.dir, orphans: { adopt: () => Promise.resolve(undefined) } };
  const host = new ShimHost({ ...own, log: { warn: () => undefined } });
  const driver = host.driver(shim, features);
  const task = { id: place.id, bundle: place.bundle };
  const remove = async () => {
    await driver.delete(task);
    unmountBundleRootfs(place.bundle);
    await rm(place.dir, { recursive: true, force: true });
  };
  try {
    await remove();
    await mkdir(place.dir, { recursive: true, mode: 0o700 });
    await writeRootfs(place);
    const annotations = {
      'io.kubernetes.cri.container-type': 'sandbox',
      'io.kubernetes.cri.sandbox-id': place.id,
    };
    const request = {
      ...task,
      spec: { ...trialSpec(place, systemdCgroup), annotations },
      ...{ logPath: undefined, stdin: false, stdinOnce: false },
    };
    await withTimeout(driver.create(request), limitMs, `stage "create" of shim "${path}"`);
  } finally {
    await remove();
    await host.close();
  }
}
