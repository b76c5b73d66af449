import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileLabel } from '../../../src/host/selinux.ts';
import { makePodFiles, removePodFiles } from '../../../src/sandbox/pod-files.ts';
import { Layout } from '../../../src/state/layout.ts';
import { podFiles } from '../../../src/state/pod-files.ts';
import { sandbox, sandboxSecurity } from '../../unit/oci/configs.ts';

const LABEL = 'system_u:object_r:container_file_t:s0:c1,c2';
// No policy has it, and a kernel without SELinux knows no such option: either refuses.
const NOBODYS_LABEL = 'nobody_u:object_r:nothing_t:s0:c1,c2';

let base: string;
beforeEach(() => {
  base = mkdtempSync('/var/tmp/crisol-pod-files-');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

describe('makePodFiles()', () => {
  const namespaceOptions = { network: 'POD', pid: 'POD', ipc: 'NODE', targetId: '', usernsOptions: null } as const;

  function podWithNodeIpc() {
    const config = sandbox();
    return { ...config, linux: { ...config.linux!, securityContext: sandboxSecurity({ namespaceOptions }) } };
  }

  it.each([
    { selinux: { process: 'u:r:t:s0', mount: LABEL }, expected: LABEL },
    { selinux: undefined, expected: undefined },
  ])("gives the pod's files its label: $expected", ({ selinux, expected }) => {
    const layout = new Layout(join(base, 'root'), join(base, 'run'));
    const pod = { id: 'a'.repeat(64), config: podWithNodeIpc(), selinux };

    makePodFiles(layout, pod, 65536);

    const { resolvConf, hosts, hostname } = podFiles(layout, pod);
    expect([resolvConf, hosts, hostname].map((path) => fileLabel(path))).toEqual(Array(3).fill(expected));
    expect(readFileSync(hostname, 'utf8')).toBe('pod-one\n');
    expect(lstatSync(hosts).mode & 0o777).toBe(0o644);
  });

  it('asks the kernel for a shared memory with the label', () => {
    const layout = new Layout(join(base, 'root'), join(base, 'run'));
    const selinux = { process: '', mount: NOBODYS_LABEL };
    const pod = { id: 'a'.repeat(64), config: sandbox(), selinux };

    expect(() => makePodFiles(layout, pod, 65536)).toThrow(`mount "${podFiles(layout, pod).shm}": EINVAL`);
    makePodFiles(layout, { ...pod, selinux: undefined }, 65536);
    removePodFiles(layout.sandboxFiles(pod.id));
  });
});
