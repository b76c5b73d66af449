import { describe, expect, it } from '@jest/globals';
import type { RuntimeDriver } from '../../../src/runtime/driver.ts';
import { mergeFeatures } from '../../../src/runtime/features.ts';
import type { HandlerVerdict } from '../../../src/runtime/handler.ts';
import { RuntimeRegistry } from '../../../src/runtime/registry.ts';

const merged = mergeFeatures('1.0', undefined, {});
const { features } = merged;
const driver = { features } as RuntimeDriver;
const found = { path: '/x', monitor: '/m', ...merged };
const ready: HandlerVerdict = { state: 'ready', ...found };
const failed: HandlerVerdict = { state: 'failed', reason: 'no KVM', cure: 'load kvm', ...found };

describe('RuntimeRegistry', () => {
  const registry = new RuntimeRegistry({
    handlers: [
      { name: 'runc', driver, verdict: ready },
      { name: 'kata', driver, verdict: failed },
    ],
    defaultHandler: 'runc',
  });

  it.each([{ name: '' }, { name: 'runc' }])('select() finds "$name"', ({ name }) => {
    expect(registry.select(name).name).toBe('runc');
  });

  it('select() refuses a failed handler with the reason; get() gives it', () => {
    expect(() => registry.select('kata')).toThrow('runtime handler "kata" does not work: no KVM (load kvm)');
    expect(registry.get('kata').name).toBe('kata');
  });

  it('select() names the known handlers when it knows none of that name', () => {
    expect(() => registry.select('gvisor')).toThrow('"gvisor" is not configured; configured are "runc", "kata"');
  });
});
