import { describe, expect, it } from '@jest/globals';
import { parseChallenges } from '../../../../src/image/registry/challenge.ts';

describe('parseChallenges()', () => {
  it('reads scheme and parameters, quoted or not', () => {
    const header = 'Bearer realm="https://auth.example/token",service=registry, scope="repository:a/b:pull,push"';

    expect(parseChallenges(header)).toEqual([
      {
        scheme: 'bearer',
        parameters: {
          realm: 'https://auth.example/token',
          service: 'registry',
          scope: 'repository:a/b:pull,push',
        },
      },
    ]);
  });

  it('reads several challenges in one header', () => {
    const challenges = parseChallenges('Basic realm="a \\"b\\"", Negotiate, Bearer realm="c"');

    expect(challenges).toEqual([
      { scheme: 'basic', parameters: { realm: 'a "b"' } },
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'bearer', parameters: { realm: 'c' } },
    ]);
  });

  it.each(['', ',,,', '"', 'a="', '=b', 'Basic realm=', '\u0000', 'Basic realm="unclosed'])(
    'survives nonsense: %j',
    (header) => {
      expect(() => parseChallenges(header)).not.toThrow();
    },
  );
});
