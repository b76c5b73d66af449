import { describe, expect, it } from '@jest/globals';
import { capabilityNames, processCapabilities } from '../../../src/oci/capabilities.ts';

const ALL = 0x1ffffffffffn;
const DEFAULT_COUNT = 14;

function sets(
  { add = [], drop = [], ambient = [] }: { add?: string[]; drop?: string[]; ambient?: string[] },
  bounding = ALL,
) {
  const request = { addCapabilities: add, dropCapabilities: drop, addAmbientCapabilities: ambient };
  return processCapabilities({ request, privileged: false, bounding });
}

describe('processCapabilities()', () => {
  it('gives 14 by default and keeps inheritable and ambient empty', () => {
    const given = processCapabilities({ request: null, privileged: false, bounding: ALL });

    expect(given.bounding).toHaveLength(DEFAULT_COUNT);
    expect(given.bounding).toContain('CAP_NET_RAW');
    expect(given.effective).toEqual(given.bounding);
    expect(given.permitted).toEqual(given.bounding);
    expect([given.inheritable, given.ambient]).toEqual([[], []]);
  });

  it.each([
    { name: 'add without prefix', add: ['NET_ADMIN'], has: ['CAP_NET_ADMIN', 'CAP_CHOWN'], lacks: [] },
    { name: 'add in lower case', add: ['cap_net_admin'], has: ['CAP_NET_ADMIN'], lacks: [] },
    { name: 'drop', drop: ['CAP_CHOWN', 'KILL'], has: ['CAP_NET_RAW'], lacks: ['CAP_CHOWN', 'CAP_KILL'] },
    { name: 'all but one', add: ['ALL'], drop: ['SYS_TIME'], has: ['CAP_SYS_ADMIN'], lacks: ['CAP_SYS_TIME'] },
    { name: 'only one', add: ['CHOWN'], drop: ['ALL'], has: ['CAP_CHOWN'], lacks: ['CAP_KILL'] },
    { name: 'none, though all are added', add: ['ALL'], drop: ['ALL'], has: [], lacks: ['CAP_CHOWN'] },
    { name: 'drop over add', add: ['NET_ADMIN'], drop: ['NET_ADMIN'], has: [], lacks: ['CAP_NET_ADMIN'] },
  ])('understands: $name', ({ has, lacks, ...request }) => {
    const { bounding } = sets(request);

    expect(has.filter((name) => !bounding.includes(name))).toEqual([]);
    expect(lacks.filter((name) => bounding.includes(name))).toEqual([]);
  });

  it('puts an ambient one into all five sets', () => {
    const given = sets({ drop: ['ALL'], ambient: ['NET_BIND_SERVICE'] });

    expect(Object.values(given)).toEqual(Array.from({ length: 5 }, () => ['CAP_NET_BIND_SERVICE']));
  });

  it('makes every one ambient for ALL, without those dropped', () => {
    const given = sets({ drop: ['KILL'], ambient: ['ALL'] });

    expect(given.ambient).toEqual(given.bounding);
    expect(given.ambient).toHaveLength(40);
  });

  it('gives nothing the daemon lacks, privileged or not', () => {
    const withoutResource = ALL & ~(1n << 24n);

    expect(sets({ add: ['ALL', 'SYS_RESOURCE'] }, withoutResource).bounding).not.toContain('CAP_SYS_RESOURCE');
    const { bounding, ambient } = processCapabilities({ request: null, privileged: true, bounding: withoutResource });
    expect(bounding).toHaveLength(40);
    expect(ambient).toEqual([]);
  });

  it.each([{ add: ['NET_ADMN'] }, { drop: ['CAP_'] }, { ambient: ['root'] }])('refuses %j', (request) => {
    expect(() => sets(request)).toThrow(/unknown capability "(NET_ADMN|CAP_|root)"/);
  });
});

describe('capabilityNames()', () => {
  it('names bits, lowest first, and ignores unknown ones', () => {
    expect(capabilityNames((1n << 0n) | (1n << 40n) | (1n << 63n))).toEqual(['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']);
  });
});
