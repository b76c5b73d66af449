// Ends containers with the runtime's own verbs, or without it when its binary has gone from the host: a pod must be
// removable after its runtime was uninstalled.
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../async/timeout.ts';
import { DaemonError, errorMessage, isErrno } from '../../errors.ts';
import { isExecutable } from '../../host/find-program.ts';
import { cgroupsOf, listPids } from '../../host/procfs.ts';
import type { Logger } from '../../observe/logger.ts';
import type { ContainerRef } from '../driver.ts';
import { bundleFiles } from './bundle-files.ts';
import type { OciCommand } from './command.ts';
import type { OciRuntime } from './options.ts';

const SIGKILL = 9;
const END_MS = 5000;

export interface EndingOptions {
  readonly command: Pick<OciCommand, 'kill' | 'delete'>;
  readonly runtime: Pick<OciRuntime, 'handler' | 'path' | 'root'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** The two verbs of a runtime that end containers. */
export class Ending {
  readonly #options: EndingOptions;

  constructor(options: EndingOptions) {
    this.#options = options;
  }

  /** @see RuntimeDriver.kill */
  async kill(container: ContainerRef, signal: number, scope: 'init' | 'all'): Promise<void> {
    try {
      await this.#options.command.kill(container.id, signal, scope === 'all');
    } catch (error) {
      this.#expectGone(error, container);
      const members = membersOf(container.id);
      const init = initOf(container);
      for (const pid of members) if (scope === 'all' || pid === init) send(pid, signal);
    }
  }

  /** Ends what runs in the container's cgroup and removes what the runtime remembers. May be repeated. */
  async delete(container: ContainerRef): Promise<void> {
    try {
      await this.#options.command.delete(container.id);
    } catch (error) {
      this.#expectGone(error, container);
      await killMembers(container.id);
      await rm(join(this.#options.runtime.root, container.id), { recursive: true, force: true });
    }
  }

  #expectGone(error: unknown, container: ContainerRef): void {
    const { runtime, log } = this.#options;
    if (isExecutable(runtime.path)) throw error;
    const { handler, path } = runtime;
    const reason = errorMessage(error);
    log.warn(
      { containerId: container.id, handler, path, reason },
      'the runtime has gone; ending a container without it',
    );
  }
}

// The cgroup's name is as good as an identity: it has the id in it, and no process leaves it by itself.
function membersOf(id: string): number[] {
  const isOwn = (part: string) => part === id || part.endsWith(`-${id}.scope`);
  return listPids().filter((pid) => cgroupsOf(pid).some((path) => path.split('/').some(isOwn)));
}

async function killMembers(id: string): Promise<void> {
  const end = Date.now() + END_MS;
  for (let members = membersOf(id); members.length > 0; members = membersOf(id)) {
    if (Date.now() > end)
      throw new DaemonError('unavailable', `process ${members[0]} of container "${id}" does not end`);
    for (const pid of members) send(pid, SIGKILL);
    await sleep(20);
  }
}

function initOf({ bundle }: ContainerRef): number | undefined {
  try {
    return Number(readFileSync(bundleFiles(bundle).pid, 'latin1'));
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}
