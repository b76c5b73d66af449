// Compares what two daemons answered, path by path, with the list of differences that have a reason.
import type { Answers } from './answers.ts';

/** One difference that is meant to be. `*` in a path or a value stands for any text, in a path within its part. */
export interface Listed {
  /** Parts joined by ` / `: the step, and then the way into its answer; `**` stands for any number of parts. */
  readonly path: string;
  readonly containerd: string;
  readonly crisol: string;
  readonly reason: string;
}

export interface Difference {
  readonly path: string;
  /** As JSON; ABSENT where there is nothing. */
  readonly containerd: string;
  readonly crisol: string;
}

const SEPARATOR = ' / ';
export const ABSENT = 'absent';

/** Every leaf in which the two differ, in the order of the answers. */
export function differences(containerd: Answers, crisol: Answers): readonly Difference[] {
  const [left, right] = [flatten(containerd), flatten(crisol)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((path) => ({ path, containerd: left.get(path) ?? ABSENT, crisol: right.get(path) ?? ABSENT }))
    .filter((found) => found.containerd !== found.crisol);
}

function flatten(answers: Answers): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: readonly string[]) => {
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    if (entries.length === 0) leaves.set(path.join(SEPARATOR), JSON.stringify(value));
    for (const [key, inner] of entries) visit(inner, [...path, key]);
  };
  for (const [step, answer] of Object.entries(answers)) visit(answer, [step]);
  return leaves;
}

export interface Verdict {
  /** Found, and not listed. */
  readonly unlisted: readonly Difference[];
  /** Listed, and not found. */
  readonly outdated: readonly Listed[];
  readonly explained: number;
}

export function judge(found: readonly Difference[], listed: readonly Listed[]): Verdict {
  const matchers = listed.map((entry) => ({ entry, matches: matcherOf(entry), used: 0 }));
  const unlisted = found.filter((difference) => {
    const match = matchers.find(({ matches }) => matches(difference));
    if (match !== undefined) match.used += 1;
    return match === undefined;
  });
  const outdated = matchers.filter(({ used }) => used === 0).map(({ entry }) => entry);
  return { unlisted, outdated, explained: found.length - unlisted.length };
}

function matcherOf({ path, containerd, crisol }: Listed): (found: Difference) => boolean {
  const [onPath, onLeft, onRight] = [
    toPattern(path, `(?:(?!${SEPARATOR}).)*`),
    toPattern(containerd, '.*'),
    toPattern(crisol, '.*'),
  ];
  return (found) => onPath.test(found.path) && onLeft.test(found.containerd) && onRight.test(found.crisol);
}

function toPattern(text: string, star: string): RegExp {
  const parts = text.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? star : part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
