import { describe, expect, it } from '@jest/globals';
import { parseNetDev } from '../../../src/stats/net-dev.ts';
import { networkUsage } from '../../../src/stats/network-usage.ts';

const TEXT = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     999       9    0    0    0     0          0         0      999       9    0    0    0     0       0          0
  eth1:       1       2    3    4    0     0          0         0        5       6    7    8    0     0       0          0
  eth0:18446744073709551615       2    0    1    0     0          0         0      20       4    0    3    0     0       0          0
`;

describe('parseNetDev()', () => {
  it('reads the counters of every interface but the loopback', () => {
    expect(parseNetDev(TEXT)).toEqual([
      {
        name: 'eth1',
        received: { bytes: '1', packets: '2', errors: '3', dropped: '4' },
        transmitted: { bytes: '5', packets: '6', errors: '7', dropped: '8' },
      },
      {
        name: 'eth0',
        received: { bytes: '18446744073709551615', packets: '2', errors: '0', dropped: '1' },
        transmitted: { bytes: '20', packets: '4', errors: '0', dropped: '3' },
      },
    ]);
  });

  it.each(['', 'garbage', 'a\nb\n', 'a\nb\neth0\n'])('takes %j as far as it goes', (text) => {
    expect(parseNetDev(text).every(({ received }) => received.bytes === '0')).toBe(true);
  });
});

describe('networkUsage()', () => {
  it('puts eth0 first, whatever the order of the kernel', () => {
    expect(networkUsage('5', TEXT)).toMatchObject({
      timestamp: '5',
      defaultInterface: { name: 'eth0', rxBytes: { value: '18446744073709551615' } },
      interfaces: [{ name: 'eth1', txErrors: { value: '7' } }],
    });
  });
});
