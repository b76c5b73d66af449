// The WWW-Authenticate header: what a registry wants to see before it answers.

/** One way to authenticate. */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"/;

/**
 * Parses one header value, which may hold several challenges. Nonsense yields fewer challenges, never an error.
 * @see RFC 9110 section 11.6.1
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let rest = header;
  while (rest !== '') {
    rest = rest.replace(/^[\s,]+/, '');
    const name = TOKEN.exec(rest)?.[0];
    if (name === undefined) break;
    rest = rest.slice(name.length);
    const value = takeValue(rest);
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: {} });
    else {
      const current = challenges.at(-1);
      if (current !== undefined) current.parameters[name.toLowerCase()] = value.text;
      rest = value.rest;
    }
  }
  return challenges;
}

function takeValue(text: string): { readonly text: string; readonly rest: string } | undefined {
  const equals = /^\s*=\s*/.exec(text)?.[0];
  if (equals === undefined) return undefined;
  const rest = text.slice(equals.length);
  const quoted = QUOTED.exec(rest);
  if (quoted !== null) return { text: (quoted[1] ?? '').replace(/\\(.)/g, '$1'), rest: rest.slice(quoted[0].length) };
  const token = TOKEN.exec(rest)?.[0] ?? '';
  return { text: token, rest: rest.slice(token.length) };
}
