import { describe, expect, it } from '@jest/globals';
import { toPortMappings } from '../../../src/cni/port-mappings.ts';

describe('toPortMappings()', () => {
  it('keeps mappings with a host port, in order', () => {
    expect(
      toPortMappings([
        { protocol: 'TCP', containerPort: 80, hostPort: 0, hostIp: '' },
        { protocol: 'UDP', containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' },
        { protocol: 'TCP', containerPort: 80, hostPort: -1, hostIp: '' },
        { protocol: 'SCTP', containerPort: 65535, hostPort: 65535, hostIp: '' },
      ]),
    ).toEqual([
      { protocol: 'udp', containerPort: 53, hostPort: 5353, hostIp: '127.0.0.1' },
      { protocol: 'sctp', containerPort: 65535, hostPort: 65535, hostIp: '' },
    ]);
  });

  it.each([
    { hostPort: 65536, containerPort: 80 },
    { hostPort: 80, containerPort: 0 },
    { hostPort: 80, containerPort: 65536 },
  ])('refuses $hostPort to $containerPort', (ports) => {
    expect(() => toPortMappings([{ protocol: 'TCP', hostIp: '', ...ports }])).toThrow('ports are 1 to 65535');
  });
});
