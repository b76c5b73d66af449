// `crisol handlers --check`: proves the configured handlers without a daemon, and leaves nothing behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CgroupHost } from '../cgroup/host.ts';
import type { Config } from '../config/schema.ts';
import type { HandlerReport } from '../cri/deps.ts';
import { failedPrecondition } from '../errors.ts';
import { listMounts } from '../host/mounts.ts';
import { createLogger } from '../observe/logger.ts';
import { BaseSpecSource } from '../oci/base-spec-source.ts';
import { SeccompSource } from '../oci/seccomp/source.ts';
import { Layout } from '../state/layout.ts';
import { handlerReport } from './handler-report.ts';
import { systemdRuns } from './host-facts.ts';
import { proveHandlers } from './prove-handlers.ts';

/**
 * Proves every handler of a configuration anew, in a directory of its own; a daemon that runs is not disturbed.
 * @throws failed-precondition when the caller is not root, as nothing could be proved then
 */
export async function checkHandlers(config: Config): Promise<HandlerReport[]> {
  if (process.geteuid?.() !== 0) {
    throw failedPrecondition('handlers are proved by making containers, which takes root', undefined, 'use sudo');
  }
  const run = mkdtempSync(join(tmpdir(), 'crisol-check-'));
  try {
    const cgroups = CgroupHost.detect({
      driver: config.cri.cgroupDriver,
      mounts: listMounts(),
      systemdRunning: systemdRuns(),
    });
    const settings = {
      config,
      layout: new Layout(config.root, run),
      systemdCgroup: cgroups.driver === 'systemd',
      seccomp: new SeccompSource(),
      baseSpecs: new BaseSpecSource(),
    };
    // The report says all that the log would.
    const proved = await proveHandlers(settings, { runDir: run, cachePath: undefined }, createLogger('fatal'));
    return proved.map((handler) => handlerReport(handler, config.cri.defaultRuntime));
  } finally {
    rmSync(run, { recursive: true, force: true });
  }
}
