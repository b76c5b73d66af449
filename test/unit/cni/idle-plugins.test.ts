import { describe, expect, it } from '@jest/globals';
import { withoutIdlePlugins } from '../../../src/cni/idle-plugins.ts';

const network = { name: 'pods', cniVersion: '1.0.0', disableCheck: false, disableGC: false };
const ports = { type: 'portmap', capabilities: { portMappings: true } };
const limits = { type: 'bandwidth', capabilities: { bandwidth: true } };

function typesLeft(plugins: readonly { type: string }[], runtimeConfig: Record<string, unknown>): string[] {
  return withoutIdlePlugins({ ...network, plugins }, runtimeConfig).plugins.map(({ type }) => type);
}

describe('withoutIdlePlugins()', () => {
  it.each([
    { what: 'drops plugins without a value', plugins: [{ type: 'ptp' }, ports, limits], values: {}, left: ['ptp'] },
    {
      what: 'keeps a plugin with a value',
      plugins: [{ type: 'ptp' }, ports, limits],
      values: { portMappings: [{}] },
      left: ['ptp', 'portmap'],
    },
    {
      what: 'keeps a plugin that its configuration gives work',
      plugins: [{ type: 'ptp' }, { ...limits, ingressRate: 1 }],
      values: {},
      left: ['ptp', 'bandwidth'],
    },
    {
      what: 'keeps a plugin that declares nothing',
      plugins: [{ type: 'ptp' }, { type: 'portmap' }],
      values: {},
      left: ['ptp', 'portmap'],
    },
    { what: 'keeps the first plugin', plugins: [ports], values: {}, left: ['portmap'] },
  ])('$what', ({ plugins, values, left }) => {
    expect(typesLeft(plugins, values)).toEqual(left);
  });
});
