// The overview of all commands, and the usage of one.
import type { Command } from './command.ts';
import { textTable } from './text-table.ts';

/** The text of `crisol help`. */
export function overview(commands: readonly Command[]): string {
  const table = textTable(commands.map(({ name, summary }) => [`  crisol ${name}`, summary]));
  return (
    'crisol runs Kubernetes pods on runc, crun, gVisor and Kata, side by side.\n\n' +
    `${table}\n` +
    'The configuration is /etc/crisol/config.toml unless --config FILE says otherwise; with --standalone DIR\n' +
    'everything is kept below DIR. "crisol help COMMAND" shows the options of a command.\n'
  );
}

/** One line: how the command is called. */
export function usageOf({ name, usage }: Command): string {
  return `usage: crisol ${name} ${usage}`.trimEnd() + '\n';
}
