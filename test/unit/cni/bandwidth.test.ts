import { describe, expect, it } from '@jest/globals';
import { bandwidthOf } from '../../../src/cni/bandwidth.ts';

const INGRESS = 'kubernetes.io/ingress-bandwidth';

describe('bandwidthOf()', () => {
  it('is undefined without its annotations', () => {
    expect(bandwidthOf({ other: '1M' })).toBeUndefined();
  });

  it.each([
    { text: '1000', rate: 1000 },
    { text: '10M', rate: 10_000_000 },
    { text: '1.5k', rate: 1500 },
    { text: '1Mi', rate: 1_048_576 },
    { text: '1e6', rate: 1_000_000 },
    { text: '1P', rate: 1e15 },
  ])('reads $text as $rate bits per second', ({ text, rate }) => {
    expect(bandwidthOf({ [INGRESS]: text })).toEqual({ ingressRate: rate, ingressBurst: 4294967295 });
  });

  it('reads both directions', () => {
    expect(bandwidthOf({ [INGRESS]: '1M', 'kubernetes.io/egress-bandwidth': '2M' })).toMatchObject({
      ingressRate: 1_000_000,
      egressRate: 2_000_000,
    });
  });

  it.each([{ text: '' }, { text: 'fast' }, { text: '999' }, { text: '2P' }, { text: '-1M' }, { text: '1m' }])(
    'refuses "$text"',
    ({ text }) => {
      expect(() => bandwidthOf({ [INGRESS]: text })).toThrow(`annotation "${INGRESS}": "${text}" is no rate`);
    },
  );
});
