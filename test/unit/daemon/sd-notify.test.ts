import { describe, expect, it } from '@jest/globals';
import { notifySystemd, watchdogIntervalMs } from '../../../src/daemon/sd-notify.ts';

describe('notifySystemd()', () => {
  it('sends the state to the socket systemd named', () => {
    const sent: string[][] = [];

    const result = notifySystemd('READY=1\nSTATUS=serving', { NOTIFY_SOCKET: '@/run/notify' }, (...message) => {
      sent.push(message);
    });

    expect(result).toBe(true);
    expect(sent).toEqual([['@/run/notify', 'READY=1\nSTATUS=serving']]);
  });

  it.each([{ env: {} }, { env: { NOTIFY_SOCKET: '' } }, { env: { NOTIFY_SOCKET: 'vsock:2:9999' } }])(
    'does nothing with $env',
    ({ env }) => {
      expect(
        notifySystemd('READY=1', env, () => {
          throw new TypeError('sent');
        }),
      ).toBe(false);
    },
  );

  it('survives a socket that is gone', () => {
    expect(notifySystemd('READY=1', { NOTIFY_SOCKET: '/nonexistent/notify' })).toBe(false);
  });
});

describe('watchdogIntervalMs()', () => {
  it.each([
    { env: {}, ms: undefined },
    { env: { WATCHDOG_USEC: '60000000' }, ms: 30_000 },
    { env: { WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' }, ms: 30_000 },
    { env: { WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' }, ms: undefined },
    { env: { WATCHDOG_USEC: 'soon' }, ms: undefined },
    { env: { WATCHDOG_USEC: '0' }, ms: undefined },
  ])('is $ms with $env', ({ env, ms }) => {
    expect(watchdogIntervalMs(env, 7)).toBe(ms);
  });
});
