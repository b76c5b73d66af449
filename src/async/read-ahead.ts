// Lets a source work on its next items while the last one is being used.
import { setImmediate as turn } from 'node:timers/promises';

/**
 * The items of `source`, each asked for before the `ahead`th in front of it is handed out, with a turn of the event loop in
 * between: whoever uses an item may block the loop meanwhile, and the work on the next one has to have begun by then, also
 * where the source must fetch something for it first. Sources that reuse memory need one buffer more than are `ahead`.
 * Leaving the loop ends the source after the steps that were asked for.
 */
export async function* readAhead<T>(
  source: AsyncGenerator<T, void, undefined>,
  ahead: number,
): AsyncGenerator<T, void, undefined> {
  const asked: Promise<IteratorResult<T, void>>[] = [];
  const ask = () => {
    const next = source.next();
    // Met when its turn comes, which may be never.
    next.catch(() => undefined);
    asked.push(next);
  };
  try {
    for (let count = 0; count < ahead; count += 1) ask();
    for (let next = asked.shift(); next !== undefined; next = asked.shift()) {
      const step = await next;
      if (step.done === true) return;
      ask();
      await turn();
      yield step.value;
    }
  } finally {
    await source.return();
  }
}
