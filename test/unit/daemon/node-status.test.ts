import { describe, expect, it } from '@jest/globals';
import type { HandlerReport } from '../../../src/cri/deps.ts';
import { nodeStatus } from '../../../src/daemon/node-status.ts';

type Sources = Parameters<typeof nodeStatus>[0];

function report(name: string, isDefault: boolean, reason = '', cure = ''): HandlerReport {
  const told = { kind: 'oci', path: name, version: '1', monitor: 'conmon', features: [] } as const;
  return { ...told, name, isDefault, state: reason === '' ? 'ready' : 'failed', reason, cure };
}

type FollowedConfig = Sources['handlers']['config'];

function configOf(confDirs: Readonly<Record<string, string | undefined>>): FollowedConfig {
  const runtimes: Record<string, object> = {};
  for (const [name, cniConfDir] of Object.entries(confDirs)) runtimes[name] = { cniConfDir };
  return { cri: { defaultRuntime: 'runc' }, runtimes } as unknown as FollowedConfig;
}

/** The conditions of networks, where each network says which directory it is from. */
function networksOf(confDirs: Parameters<typeof configOf>[0]): unknown {
  const sources = {
    host: { canLowerOomScore: true },
    network: { status: (confDir = 'node') => ({ ready: false, reason: 'Why', message: confDir }) },
    handlers: { reports: () => [], config: configOf(confDirs) },
  };
  const { network, ownNetworks } = nodeStatus(sources as unknown as Sources)();
  return { default: network.message, ...Object.fromEntries(ownNetworks.map(({ name, message }) => [name, message])) };
}

function runtimeOf(...reports: HandlerReport[]): unknown {
  const sources = {
    host: { canLowerOomScore: true },
    network: { status: () => ({ ready: true, reason: '', message: '' }) },
    handlers: { reports: () => reports, config: configOf({}) },
  };
  return nodeStatus(sources as unknown as Sources)().runtime;
}

describe('nodeStatus()', () => {
  it('calls the runtime ready while the default handler works, whatever the others do', () => {
    expect(runtimeOf(report('runc', true), report('kata', false, 'no KVM'))).toEqual({
      ...{ ready: true, reason: '', message: '' },
    });
  });

  it('calls the runtime not ready while the default handler fails, with why and what helps', () => {
    expect(runtimeOf(report('runc', true, 'no program "runc"', 'install it'), report('crun', false))).toEqual({
      ready: false,
      reason: 'DefaultHandlerFailed',
      message: 'the default runtime handler does not work: no program "runc" (install it)',
    });
  });

  it.each([
    { what: 'no handler has a directory', dirs: { runc: undefined, kata: undefined }, told: { default: 'node' } },
    { what: 'one has', dirs: { runc: undefined, kata: '/k' }, told: { default: 'node', kata: '/k' } },
    { what: 'the default one has', dirs: { runc: '/r', kata: undefined }, told: { default: '/r', kata: 'node' } },
    { what: 'all have the same', dirs: { runc: '/r', kata: '/r' }, told: { default: '/r' } },
  ])("tells of the default handler's network and of those that differ: $what", ({ dirs, told }) => {
    expect(networksOf(dirs)).toEqual(told);
  });
});
