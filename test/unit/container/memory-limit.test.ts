import { describe, expect, it } from '@jest/globals';
import { checkMemoryLimit } from '../../../src/container/memory-limit.ts';
import type { HandlerSnapshot } from '../../../src/state/handler-snapshot.ts';

function pod(containerMinMemoryBytes: number): { readonly handler: HandlerSnapshot } {
  return { handler: { name: 'kata', containerMinMemoryBytes } as HandlerSnapshot };
}

describe('checkMemoryLimit()', () => {
  it.each([
    { limit: 0, least: 100 },
    { limit: 100, least: 100 },
    { limit: 1, least: 0 },
  ])('accepts a limit of $limit where at least $least is asked for', ({ limit, least }) => {
    expect(() => checkMemoryLimit(pod(least), limit)).not.toThrow();
  });

  it('names both numbers and the handler when the limit is too low', () => {
    expect(() => checkMemoryLimit(pod(100), 99)).toThrow(
      expect.objectContaining({
        code: 'invalid-argument',
        message: expect.stringMatching(/99 bytes.*100 bytes.*"kata".*container_min_memory/),
      }),
    );
  });
});
