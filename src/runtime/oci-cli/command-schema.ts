// What the runtime's `state` prints, as far as we use it.
import { z } from 'zod';

export const RuntimeState = z.looseObject({
  // Runtimes have short-lived statuses of their own; `creating` is on its way to `created`.
  status: z.preprocess(
    (status) => (status === 'creating' ? 'created' : status),
    z.enum(['created', 'running', 'paused', 'stopped']),
  ),
});

/** What `events --stats` prints, as far as we use it: counters since the container was made, sizes in bytes. */
export const RuntimeEvent = z.looseObject({
  data: z.looseObject({
    cpu: z.looseObject({ usage: z.looseObject({ total: z.number().optional() }) }),
    memory: z.looseObject({ usage: z.looseObject({ usage: z.number().optional() }).optional() }),
    pids: z.looseObject({ current: z.number().optional() }),
  }),
});
