import { describe, expect, it } from '@jest/globals';
import type { UserNamespace } from '../../../src/gen/runtime/v1/UserNamespace.ts';
import { checkSameUserNamespace, userMappings } from '../../../src/state/user-namespaces.ts';
import { sandbox, sandboxSecurity } from '../oci/configs.ts';

const MAPPING = { containerId: 0, hostId: 100_000, length: 65_536 };
const POD: UserNamespace = { mode: 'POD', uids: [MAPPING], gids: [MAPPING] };
const NODE: UserNamespace = { mode: 'NODE', uids: [], gids: [] };

function pod(usernsOptions: UserNamespace | null) {
  const namespaceOptions = { network: 'POD', pid: 'POD', ipc: 'POD', targetId: '', usernsOptions } as const;
  const securityContext = sandboxSecurity({ namespaceOptions });
  return sandbox({ linux: { cgroupParent: '', securityContext, sysctls: {}, overhead: null, resources: null } });
}

describe('userMappings()', () => {
  it.each([{ options: null }, { options: NODE }])('is undefined for $options', ({ options }) => {
    expect(userMappings(pod(options))).toBeUndefined();
  });

  it('returns the one mapping of each kind', () => {
    expect(userMappings(pod(POD))).toEqual({ uids: [MAPPING], gids: [MAPPING] });
  });

  it.each([
    { options: { ...POD, mode: 'CONTAINER' }, complaint: 'mode CONTAINER' },
    { options: { ...POD, mode: 'TARGET' }, complaint: 'mode TARGET' },
    { options: { ...POD, uids: [] }, complaint: 'exactly one uid mapping' },
    { options: { ...POD, gids: [MAPPING, MAPPING] }, complaint: 'exactly one gid mapping' },
    { options: { ...POD, uids: [{ ...MAPPING, containerId: 1 }] }, complaint: 'does not map id 0' },
    { options: { ...POD, gids: [{ ...MAPPING, length: 0 }] }, complaint: 'empty or out of range' },
    { options: { ...POD, gids: [{ ...MAPPING, hostId: 4_294_967_295 }] }, complaint: 'empty or out of range' },
  ] as const)('refuses: $complaint', ({ options, complaint }) => {
    const copy = { ...options, uids: [...options.uids], gids: [...options.gids] };

    expect(() => userMappings(pod(copy))).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(complaint) }),
    );
  });
});

describe('checkSameUserNamespace()', () => {
  const other = { ...POD, gids: [{ ...MAPPING, hostId: 1 }] };

  it.each([
    { of: null, asked: null },
    { of: null, asked: NODE },
    { of: POD, asked: structuredClone(POD) },
  ])('accepts $asked in a pod of $of', ({ of, asked }) => {
    expect(() => checkSameUserNamespace(pod(of), asked)).not.toThrow();
  });

  it.each([
    { of: POD, asked: null },
    { of: POD, asked: NODE },
    { of: POD, asked: other },
    { of: NODE, asked: POD },
  ])('refuses $asked in a pod of $of', ({ of, asked }) => {
    expect(() => checkSameUserNamespace(pod(of), asked)).toThrow('differ from those of its pod sandbox');
  });
});
