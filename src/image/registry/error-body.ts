// What a registry says about an error, made fit for a message.
const MAX_LENGTH = 200;

/** One line out of the JSON errors of the distribution spec; empty when the body is something else. */
export function describeError(body: Buffer): string {
  const first = firstError(body);
  const text = [first['code'], first['message']].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_LENGTH);
}

// By hand, as in token-auth.ts: zod takes long to load.
function firstError(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as { readonly errors?: readonly unknown[] };
    return { ...(errors?.[0] as object) };
  } catch {
    return {};
  }
}
