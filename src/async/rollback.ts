// Undo for multi-step work: acquire, then at once say how to undo.

/** Registers one undo step; steps run newest first when the work fails. */
export type Undo = (what: string, step: () => unknown) => void;

/**
 * Runs `work`; when it throws, runs the registered undo steps newest first and rethrows.
 *
 * A failing step does not stop the others. Undo does not follow the caller's cancellation.
 * @param onUndoFailed told of each step that failed, and of its error
 */
export async function withRollback<T>(
  work: (undo: Undo) => Promise<T>,
  onUndoFailed: (what: string, error: unknown) => void,
): Promise<T> {
  const steps: { what: string; step: () => unknown }[] = [];
  try {
    return await work((what, step) => steps.push({ what, step }));
  } catch (error) {
    for (const { what, step } of steps.reverse()) {
      try {
        await step();
      } catch (undoError) {
        onUndoFailed(what, undoError);
      }
    }
    throw error;
  }
}
