import { describe, expect, it } from '@jest/globals';
import { deferred } from '../../../src/async/deferred.ts';
import { StopSession } from '../../../src/container/stop-session.ts';

function session(endsOn: 'signal' | 'kill' | 'never') {
  const exited = deferred<undefined>();
  const sent: string[] = [];
  const end = (on: string) => {
    sent.push(on);
    if (on === endsOn) exited.resolve(undefined);
    return Promise.resolve();
  };
  const stop = new StopSession({
    signalInit: () => end('signal'),
    killAll: () => end('kill'),
    exited: exited.promise,
  });
  return { stop, sent };
}

const never = new AbortController().signal;

describe('StopSession', () => {
  it('sends only the signal to a container that ends by itself', async () => {
    const { stop, sent } = session('signal');

    await stop.join(60_000, never);

    expect(sent).toEqual(['signal']);
  });

  it('kills at once without a grace period', async () => {
    const { stop, sent } = session('kill');

    await stop.join(0, never);

    expect(sent).toEqual(['kill']);
  });

  it('signals once and lets a later call shorten the wait', async () => {
    const { stop, sent } = session('kill');

    await Promise.all([stop.join(60_000, never), stop.join(50_000, never), stop.join(1, never)]);

    expect(sent).toEqual(['signal', 'kill']);
  });

  it('does not kill once every caller has gone', async () => {
    const { stop, sent } = session('never');
    const caller = new AbortController();

    const call = stop.join(30, caller.signal);
    caller.abort(new TypeError('gone'));
    await expect(call).rejects.toThrow('gone');
    await new Promise((resolve) => setTimeout(resolve, 60));

    expect(sent).toEqual(['signal']);
  });
});
