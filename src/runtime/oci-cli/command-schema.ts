// What the runtime's `state` prints, as far as we use it.
import { z } from 'zod';

export const RuntimeState = z.looseObject({
  // Runtimes have short-lived statuses of their own; `creating` is on its way to `created`.
  status: z.preprocess(
    (status) => (status === 'creating' ? 'created' : status),
    z.enum(['created', 'running', 'paused', 'stopped']),
  ),
});
