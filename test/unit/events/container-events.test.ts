import { describe, expect, it } from '@jest/globals';
import { ContainerEvents, type ContainerEvent } from '../../../src/events/container-events.ts';
import { createLogger } from '../../../src/observe/logger.ts';

interface Setup {
  readonly events: ContainerEvents<string>;
  readonly lines: string[];
}

function setup(): Setup {
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line: string) => void lines.push(line) });
  let time = 0n;
  const podOf = (id: string) => (id === 'gone' ? undefined : `pod ${id}`);
  return { events: new ContainerEvents({ podOf, now: () => (time += 1n), log }), lines };
}

async function take(
  listener: AsyncGenerator<ContainerEvent<string>>,
  count: number,
): Promise<ContainerEvent<string>[]> {
  const taken: ContainerEvent<string>[] = [];
  while (taken.length < count) {
    const step = await listener.next();
    if (step.done === true) break;
    taken.push(step.value);
  }
  return taken;
}

describe('ContainerEvents', () => {
  it('tells every listener in the order of the calls, with the pod at that moment', async () => {
    const { events } = setup();
    const { signal } = new AbortController();
    const [one, two] = [take(events.listen(signal), 3), take(events.listen(signal), 3)];
    events.publish('created', 'a', 'p');
    events.publish('started', 'a', 'p');
    events.publish('deleted', 'x', 'gone');
    events.publish('stopped', 'b', 'q');
    const expected = [
      { type: 'created', id: 'a', at: 1n, pod: 'pod p' },
      { type: 'started', id: 'a', at: 2n, pod: 'pod p' },
      { type: 'stopped', id: 'b', at: 3n, pod: 'pod q' },
    ];
    expect(await one).toEqual(expected);
    expect(await two).toEqual(expected);
  });

  it('keeps the newest 1000 for a listener that does not take them, and counts and logs the rest', async () => {
    const { events, lines } = setup();
    const listener = events.listen(new AbortController().signal);
    const first = listener.next();
    for (let index = 0; index < 1251; index += 1) events.publish('created', String(index), 'p');
    expect(events.counters).toEqual({ listeners: 1, dropped: 251 });
    expect(lines).toHaveLength(1);
    await first;
    const taken = await take(listener, 999);
    expect(taken[0]?.id).toBe('252');
    expect(taken.at(-1)?.id).toBe('1250');
  });

  it('ends a listener that waits when its signal aborts, and forgets it', async () => {
    const { events } = setup();
    const caller = new AbortController();
    const next = events.listen(caller.signal).next();
    expect(events.counters.listeners).toBe(1);
    caller.abort();
    expect((await next).done).toBe(true);
    expect(events.counters.listeners).toBe(0);
  });
});
