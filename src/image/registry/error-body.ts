// What a registry says about an error, made fit for a message.
import { z } from 'zod';

const ErrorBody = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })).min(1),
});
const MAX_LENGTH = 200;

/** One line out of the JSON errors of the distribution spec; empty when the body is something else. */
export function describeError(body: Buffer): string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return '';
  }
  const first = ErrorBody.safeParse(json).data?.errors[0];
  const text = [first?.code, first?.message].filter((part) => part !== undefined && part !== '').join(': ');
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_LENGTH);
}
