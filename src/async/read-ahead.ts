// Lets a source work on its next item while the last one is being used.
import { setImmediate as turn } from 'node:timers/promises';

/**
 * The items of `source`, each asked for before the one in front of it is handed out, with a turn of the event loop in
 * between: whoever uses an item may block the loop meanwhile, and the work on the next one has to have begun by then, also
 * where the source must fetch something for it first. Sources that reuse memory need two buffers in turn. Leaving the loop
 * ends the source after the step that it is in.
 */
export async function* readAhead<T>(source: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  try {
    for (let next = source.next(); ;) {
      const step = await next;
      if (step.done === true) return;
      next = source.next();
      // Met when its turn comes, which may be never.
      next.catch(() => undefined);
      await turn();
      yield step.value;
    }
  } finally {
    await source.return();
  }
}
