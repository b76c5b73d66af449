// Host checks of directories, the socket and the cgroup driver.
import { dirname } from 'node:path';
import type { HostFacts, HostFinding } from './host-facts.ts';
import type { Config } from './schema.ts';

// A Unix socket's path has at most 107 bytes, and an attach socket is RUN/a/<64 hex digits>/attach.
const SOCKET_PATH_BYTES = 107;
const ATTACH_BYTES = '/a/'.length + 64 + '/attach'.length;

/** Longest `run` directory with which attach sockets still have a valid path. */
export const LONGEST_RUN_BYTES = SOCKET_PATH_BYTES - ATTACH_BYTES;

export function checkPlaces(config: Config, facts: HostFacts): HostFinding[] {
  const findings: HostFinding[] = [];
  const error = (key: string, message: string): number => findings.push({ severity: 'error', key, message });
  const { root, run, cri } = config;

  for (const [key, path] of Object.entries({ root, run })) {
    if (!canBeDirectory(path, facts)) error(key, `"${path}" is not a directory and cannot become one`);
  }
  if (Buffer.byteLength(run) > LONGEST_RUN_BYTES) {
    const most = `at most ${LONGEST_RUN_BYTES} bytes, or the sockets below it exceed the kernel's limit`;
    error('run', `"${run}" has ${Buffer.byteLength(run)} bytes; ${most}`);
  }
  if (Buffer.byteLength(cri.socket) > SOCKET_PATH_BYTES) {
    error('cri.socket', `"${cri.socket}" is longer than a Unix socket's ${SOCKET_PATH_BYTES} bytes`);
  }
  if (cri.socketGroup !== undefined && !facts.hasGroup(cri.socketGroup)) {
    error('cri.socket_group', `there is no group "${cri.socketGroup}" on this host`);
  }
  if (cri.cgroupDriver === 'systemd' && facts.kindOf('/run/systemd/system') !== 'directory') {
    error('cri.cgroup_driver', 'systemd does not run on this host; write "cgroupfs" or "auto"');
  }
  const { dockerConfig } = config.images;
  if (dockerConfig !== undefined && facts.kindOf(dockerConfig) !== 'file') {
    findings.push({ severity: 'warning', key: 'images.docker_config', message: `there is no file "${dockerConfig}"` });
  }
  for (const [scope, { keys }] of Object.entries(config.images.policy.scopes)) {
    for (const key of keys) {
      if (facts.kindOf(key) === 'file') continue;
      error(`images.policy.scopes.${JSON.stringify(scope)}.keys`, `there is no file "${key}"`);
    }
  }
  return findings;
}

/** Whether the nearest thing that exists on the way to `path` is a directory. */
function canBeDirectory(path: string, facts: HostFacts): boolean {
  const kind = facts.kindOf(path);
  if (kind !== 'absent' || path === '/') return kind === 'directory';
  return canBeDirectory(dirname(path), facts);
}
