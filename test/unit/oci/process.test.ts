import { describe, expect, it } from '@jest/globals';
import { processArgs } from '../../../src/oci/args.ts';
import { processEnv } from '../../../src/oci/env.ts';
import { clampOomScore } from '../../../src/oci/oom-score.ts';
import { processRlimits } from '../../../src/oci/rlimits.ts';

describe('processArgs()', () => {
  const image = { entrypoint: ['/entry'], cmd: ['cmd'] };

  it.each([
    { name: 'nothing: entrypoint and cmd', command: [], args: [], image, expected: ['/entry', 'cmd'] },
    { name: 'args: entrypoint and args', command: [], args: ['a'], image, expected: ['/entry', 'a'] },
    { name: 'a command: it alone', command: ['/c'], args: [], image, expected: ['/c'] },
    { name: 'both: command and args', command: ['/c'], args: ['a'], image, expected: ['/c', 'a'] },
    { name: 'args over cmd alone', command: [], args: ['a'], image: { entrypoint: [], cmd: ['x'] }, expected: ['a'] },
  ])('takes for $name', ({ command, args, image: from, expected }) => {
    expect(processArgs({ command, args }, from)).toEqual(expected);
  });

  it('refuses an empty command and NUL bytes', () => {
    expect(() => processArgs({ command: [], args: [] }, { entrypoint: [], cmd: [] })).toThrow('no command specified');
    expect(() => processArgs({ command: ['a\0b'], args: [] }, image)).toThrow('NUL');
  });
});

describe('processEnv()', () => {
  const none = { tty: false, hostname: '', defaults: [], image: [], pod: [] };
  const variable = (key: string, value: string | Buffer) => ({ key, value: Buffer.from(value) });

  it('lets later sources win in the place of the first', () => {
    const env = processEnv({
      tty: true,
      hostname: 'pod',
      defaults: ['A=default', 'B=default'],
      image: ['A=image', 'PATH=/bin', 'NOVALUE', '=odd'],
      pod: [variable('A', 'pod=1'), variable('C', ''), variable('TERM', 'vt100'), variable('C', 'é')],
    });

    expect(env).toEqual(['PATH=/bin', 'TERM=vt100', 'HOSTNAME=pod', 'A=pod=1', 'B=default', 'C=é']);
  });

  it('sets only PATH when nothing else is known', () => {
    expect(processEnv(none)).toEqual([expect.stringMatching(/^PATH=/)]);
  });

  it.each([
    { pod: variable('', 'x'), message: 'empty name' },
    { pod: variable('A=B', 'x'), message: '"A=B" has "="' },
    { pod: variable('A', 'x\0y'), message: '"A" holds a NUL byte' },
    { pod: variable('A\0', 'x'), message: '"A?" holds a NUL byte' },
    { pod: { key: 'A', value: Buffer.from([0xff, 0xfe]) }, message: 'of environment variable "A" is not valid UTF-8' },
  ])('refuses a variable: $message', ({ pod, message }) => {
    expect(() => processEnv({ ...none, pod: [pod] })).toThrow(message);
  });
});

describe('clampOomScore()', () => {
  it.each([
    { wanted: -998, own: 0, can: true, value: -998, clamped: false },
    { wanted: -998, own: 0, can: false, value: 0, clamped: true },
    { wanted: 0, own: 100, can: false, value: 100, clamped: true },
    { wanted: 500, own: 100, can: false, value: 500, clamped: false },
    { wanted: 2000, own: 0, can: true, value: 1000, clamped: true },
    { wanted: -2000, own: 0, can: true, value: -1000, clamped: true },
  ])('turns $wanted into $value (own $own, may lower $can)', ({ wanted, own, can, value, clamped }) => {
    expect(clampOomScore(wanted, { ownOomScoreAdj: own, canLowerOomScore: can })).toEqual({ value, clamped });
  });
});

describe('processRlimits()', () => {
  it('accepts both spellings and -1', () => {
    const limits = processRlimits([
      { name: 'nofile', soft: 1, hard: 2 },
      { name: 'RLIMIT_CORE', soft: 0, hard: -1 },
    ]);

    expect(limits).toEqual([
      { type: 'RLIMIT_NOFILE', soft: 1, hard: 2 },
      { type: 'RLIMIT_CORE', soft: 0, hard: Number.MAX_SAFE_INTEGER },
    ]);
  });

  it.each([
    { ulimit: { name: 'files', soft: 1, hard: 2 }, message: 'unknown ulimit "files"' },
    { ulimit: { name: 'nofile', soft: -1, hard: 2 }, message: 'soft -1 is above hard 2' },
  ])('refuses: $message', ({ ulimit, message }) => {
    expect(() => processRlimits([ulimit])).toThrow(message);
  });
});
