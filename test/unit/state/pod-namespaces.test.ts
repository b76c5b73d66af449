import { describe, expect, it } from '@jest/globals';
import type { PodSandboxConfig } from '../../../src/gen/runtime/v1/PodSandboxConfig.ts';
import { planNamespaces } from '../../../src/state/pod-namespaces.ts';

function config(modes: object): PodSandboxConfig {
  return { linux: { securityContext: { namespaceOptions: modes } } } as unknown as PodSandboxConfig;
}

describe('planNamespaces()', () => {
  it.each([
    { name: 'all its own', modes: {}, plan: { pinned: ['net', 'uts', 'ipc'], sharedPid: true } },
    { name: "the node's network", modes: { network: 'NODE' }, plan: { pinned: ['ipc'], hostNetwork: true } },
    { name: "the node's ipc", modes: { ipc: 'NODE' }, plan: { pinned: ['net', 'uts'], hostIpc: true } },
    { name: 'a pid namespace per container', modes: { pid: 'CONTAINER' }, plan: { sharedPid: false } },
    { name: "the node's pids", modes: { pid: 'NODE' }, plan: { sharedPid: false } },
  ])('gives a pod $name', ({ modes, plan }) => {
    expect(planNamespaces(config(modes))).toMatchObject(plan);
  });

  it.each([{ pid: 'TARGET' }, { network: 'CONTAINER' }, { ipc: 'TARGET' }])('refuses %j', (modes) => {
    expect(() => planNamespaces(config(modes))).toThrow('for pods');
  });
});
