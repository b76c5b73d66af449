// Tasks that were killed before they were started. gVisor's shim watches a task from its start on, so nothing else tells
// of their end.
import { deferred, type Deferred } from '../../async/deferred.ts';

export class UnstartedTasks {
  readonly #ends = new Map<string, Deferred<undefined>>();

  /** Settles when `killed` is told of the task; never, for one that was started. */
  ended(id: string): Promise<undefined> {
    const end = this.#ends.get(id) ?? deferred<undefined>();
    this.#ends.set(id, end);
    return end.promise;
  }

  killed(id: string): void {
    this.#ends.get(id)?.resolve(undefined);
  }

  forget(id: string): void {
    this.#ends.delete(id);
  }
}
