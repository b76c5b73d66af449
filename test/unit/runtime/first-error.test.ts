import { describe, expect, it } from '@jest/globals';
import { cureOf, firstError, runtimeFailure } from '../../../src/runtime/first-error.ts';

describe('firstError()', () => {
  it.each([
    {
      why: 'takes the first severe line, not the last',
      log:
        '{"level":"warning","msg":"careful","time":"t"}\n' +
        '{"level":"fatal","msg":"no oom_score_adj","time":"t"}\n{"level":"error","msg":"EOF","time":"t"}\n',
      expected: 'no oom_score_adj',
    },
    {
      why: 'reads logfmt with quotes inside',
      log: 'time="t" level=info msg=hello\ntime="t" level=error msg="exec \\"x\\": gone"',
      expected: 'exec "x": gone',
    },
    {
      why: 'takes plain text when nothing is severe',
      log: '\n  unknown command features\n',
      expected: 'unknown command features',
    },
    {
      why: 'prefers a severe line to plain text before it',
      log: 'usage\n{"level":"error","msg":"bad"}',
      expected: 'bad',
    },
    { why: 'takes broken JSON as text', log: '{"level":', expected: '{"level":' },
    { why: 'finds nothing in warnings', log: '{"level":"warning","msg":"w"}', expected: undefined },
    { why: 'finds nothing in nothing', log: '', expected: undefined },
  ])('$why', ({ log, expected }) => {
    expect(firstError(log)).toBe(expected);
  });

  it('cuts what is endless', () => {
    expect(firstError('x'.repeat(10_000))).toHaveLength(2048);
  });
});

describe('cureOf()', () => {
  it.each([
    { error: 'write to /proc/self/oom_score_adj: Permission denied', cure: /CAP_SYS_RESOURCE/ },
    { error: 'cgroups in hybrid mode not supported, drop all controllers from cgroupv2', cure: /crun/ },
    { error: 'exec /bin/x: exec format error', cure: /architecture/ },
    { error: 'exec: "/x": permission denied', cure: /not executable/ },
  ])('knows the cure of: $error', ({ error, cure }) => {
    expect(cureOf(error)).toMatch(cure);
  });

  it('knows none of other errors', () => {
    expect(cureOf('something else')).toBeUndefined();
  });
});

describe('runtimeFailure()', () => {
  it('keeps reason and cure apart, and shows both in the message', () => {
    const failure = runtimeFailure('runtime "x" start', 'exec /x: exec format error');
    expect(failure.reason).toBe('runtime "x" start: exec /x: exec format error');
    expect(failure.message).toBe(`${failure.reason} (${failure.cure ?? ''})`);
  });
});
