// The program a container runs: the pod's command and args over the image's entrypoint and cmd.
import { invalidArgument } from '../errors.ts';

interface Command {
  readonly command: readonly string[];
  readonly args: readonly string[];
}

interface ImageCommand {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
}

/**
 * A command replaces the entrypoint and drops the image's cmd; args alone replace the cmd only.
 * @throws invalid-argument when nothing is left to run, or an argument holds a NUL
 */
export function processArgs({ command, args }: Command, { entrypoint, cmd }: ImageCommand): string[] {
  const program = command.length > 0 ? command : entrypoint;
  const parameters = command.length > 0 || args.length > 0 ? args : cmd;
  const all = [...program, ...parameters];
  if (all.length === 0) throw invalidArgument('no command specified: neither the container nor its image has one');
  if (all.some((arg) => arg.includes('\0'))) throw invalidArgument('an argument of the command holds a NUL byte');
  return all;
}
