// What is wrong with a configuration: every problem with its place, gathered before anything is refused.
import { DaemonError } from '../errors.ts';

export interface ConfigProblem {
  readonly file: string;
  /** From 1; 0 when the problem is not in one line, such as a file that cannot be read. */
  readonly line: number;
  /** Dotted path as written in the file; empty when the file itself is the problem. */
  readonly key: string;
  /** What is wrong and how to mend it. */
  readonly message: string;
}

/** `file:line: key: message`. */
export function formatProblem(problem: ConfigProblem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}`;
  return problem.key === '' ? `${place}: ${problem.message}` : `${place}: ${problem.key}: ${problem.message}`;
}

/** A configuration that cannot be used. The message has one line per problem, in file and line order. */
export class ConfigError extends DaemonError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super('invalid-argument', problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
