// Lets a source work on its next item while the last one is being used.

/**
 * The items of `source`, each asked for as soon as the one before is handed out: sources that reuse memory need two
 * buffers in turn. Leaving the loop ends the source after the step that it is in.
 */
export async function* readAhead<T>(source: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
  try {
    for (let next = source.next(); ;) {
      const step = await next;
      if (step.done === true) return;
      next = source.next();
      // Met when its turn comes, which may be never.
      next.catch(() => undefined);
      yield step.value;
    }
  } finally {
    await source.return();
  }
}
