import { describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS, LimitGuard } from '../../../../src/image/unpack/limits.ts';

const GIB = 1024 ** 3;

describe('LimitGuard', () => {
  it('asks for the ratio only of large layers', () => {
    const guard = new LimitGuard(DEFAULT_LIMITS, 1000);

    guard.countBytes(GIB);

    expect(() => guard.countBytes(1)).toThrow('layer exceeds the limit of 1000 uncompressed bytes per compressed byte');
  });

  it('lets a large layer of an honest ratio through', () => {
    const guard = new LimitGuard(DEFAULT_LIMITS, GIB);

    expect(() => guard.countBytes(3 * GIB)).not.toThrow();
  });

  it('counts the components of a path', () => {
    const guard = new LimitGuard({ ...DEFAULT_LIMITS, maxDepth: 2 }, 1);

    guard.checkDepth('/a/b');

    expect(() => guard.checkDepth('/a/b/c')).toThrow('the limit of 2 path components');
  });
});
