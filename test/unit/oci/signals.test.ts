import { describe, expect, it } from '@jest/globals';
import { Signal } from '../../../src/gen/runtime/v1/Signal.ts';
import { parseSignal, signalName, signalNumber, stopSignal } from '../../../src/oci/signals.ts';

describe('parseSignal()', () => {
  it.each([
    { text: 'SIGTERM', number: 15 },
    { text: 'TERM', number: 15 },
    { text: 'sigquit', number: 3 },
    { text: '15', number: 15 },
    { text: 'SIGRTMIN', number: 34 },
    { text: 'SIGRTMIN+3', number: 37 },
    { text: 'RTMAX-14', number: 50 },
    { text: 'SIGRTMAX', number: 64 },
    { text: ' SIGINT ', number: 2 },
  ])('reads "$text" as $number', ({ text, number }) => {
    expect(parseSignal(text)).toBe(number);
  });

  it.each(['', 'SIG', 'SIGFOO', '0', '65', '-1', 'RTMIN-1', 'RTMAX+1', 'RTMIN+31', 'toString'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSignal(text)).toThrow(`unknown signal "${text}"`);
    },
  );
});

describe('signalNumber() and signalName()', () => {
  it('know every signal of the CRI, and name each number the usual way', () => {
    const numbers = Object.values(Signal).map(signalNumber);

    expect(numbers.filter((number) => number === undefined)).toHaveLength(1);
    expect(new Set(numbers).size).toBe(1 + 31 + 31);
    for (const number of numbers.filter((value) => value !== undefined)) {
      expect(signalNumber(signalName(number))).toBe(number);
    }
  });

  it.each([
    { number: 6, name: 'SIGNAL_SIGABRT' },
    { number: 17, name: 'SIGNAL_SIGCHLD' },
    { number: 29, name: 'SIGNAL_SIGIO' },
    { number: 49, name: 'SIGNAL_SIGRTMINPLUS15' },
    { number: 50, name: 'SIGNAL_SIGRTMAXMINUS14' },
    { number: 32, name: 'SIGNAL_RUNTIME_DEFAULT' },
  ])('call $number $name', ({ number, name }) => {
    expect(signalName(number)).toBe(name);
  });
});

describe('stopSignal()', () => {
  it('prefers the pod over the image over SIGTERM', () => {
    expect(stopSignal('SIGNAL_SIGUSR1', 'SIGQUIT')).toBe(10);
    expect(stopSignal('SIGNAL_RUNTIME_DEFAULT', 'SIGQUIT')).toBe(3);
    expect(stopSignal('SIGNAL_RUNTIME_DEFAULT', '')).toBe(15);
  });
});
