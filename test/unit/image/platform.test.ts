import { describe, expect, it } from '@jest/globals';
import { choosePlatform, platformRank } from '../../../src/image/platform.ts';

const linux = (architecture: string, variant?: string) => ({ os: 'linux', architecture, variant });

describe('platformRank()', () => {
  it.each([
    { host: linux('amd64'), platform: linux('amd64'), rank: 0 },
    { host: linux('amd64'), platform: linux('x86_64'), rank: 0 },
    { host: linux('amd64'), platform: linux('386'), rank: 1 },
    { host: linux('amd64'), platform: linux('amd64', 'v3'), rank: undefined },
    { host: linux('amd64'), platform: { os: 'windows', architecture: 'amd64' }, rank: undefined },
    { host: linux('amd64', 'v3'), platform: linux('amd64', 'v3'), rank: 0 },
    { host: linux('amd64', 'v3'), platform: linux('amd64', 'v2'), rank: 1 },
    { host: linux('amd64', 'v3'), platform: linux('amd64'), rank: 2 },
    { host: linux('amd64', 'v3'), platform: linux('386'), rank: 3 },
    { host: linux('amd64', 'v2'), platform: linux('amd64', 'v4'), rank: undefined },
    { host: linux('arm', 'v6'), platform: linux('arm', 'v7'), rank: undefined },
    { host: linux('arm', 'v6'), platform: linux('arm', 'v6'), rank: 0 },
    { host: linux('arm', 'v7'), platform: linux('arm', 'v6'), rank: 1 },
    { host: linux('arm', 'v7'), platform: linux('arm'), rank: 0 },
    { host: linux('arm64', 'v8'), platform: linux('arm', 'v7'), rank: 2 },
    { host: linux('arm64'), platform: linux('arm64', 'v8'), rank: 0 },
    { host: linux('arm64'), platform: linux('arm64'), rank: 0 },
    { host: linux('arm64'), platform: linux('arm', 'v6'), rank: 3 },
    { host: linux('arm64'), platform: linux('amd64'), rank: undefined },
    { host: linux('riscv64'), platform: linux('riscv64'), rank: 0 },
  ])('ranks $platform.architecture/$platform.variant for $host.architecture', ({ host, platform, rank }) => {
    expect(platformRank(platform, host)).toBe(rank);
  });
});

describe('choosePlatform()', () => {
  it('takes the best one, whatever the order, and skips what names no platform', () => {
    const candidates = [{ id: 1 }, { id: 2, platform: linux('386') }, { id: 3, platform: linux('amd64') }];

    expect(choosePlatform(candidates, linux('amd64'))).toMatchObject({ id: 3 });
    expect(choosePlatform(candidates, linux('s390x'))).toBeUndefined();
  });

  it('takes the highest variant that the host has', () => {
    const candidates = ['v1', 'v4', 'v2', 'v3'].map((variant) => ({ variant, platform: linux('amd64', variant) }));

    expect(choosePlatform(candidates, linux('amd64', 'v3'))).toMatchObject({ variant: 'v3' });
    expect(choosePlatform(candidates, linux('amd64'))).toMatchObject({ variant: 'v1' });
  });
});
