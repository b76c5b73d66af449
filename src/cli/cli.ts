// The command line: finds the command, parses its options, and turns errors into exit codes.
import { parseArgs } from 'node:util';
import { errorMessage } from '../errors.ts';
import { UsageError, type Command, type Surroundings } from './command.ts';
import { configCheck } from './config-check.ts';
import { configDefault } from './config-default.ts';
import { handlers } from './handlers.ts';
import { overview, usageOf } from './help.ts';
import { imageDf } from './image-df.ts';
import { imageExport } from './image-export.ts';
import { imageFsck } from './image-fsck.ts';
import { imageImport } from './image-import.ts';
import { imageList } from './image-list.ts';
import { imagePrune } from './image-prune.ts';
import { imagePull } from './image-pull.ts';
import { imageRemove } from './image-remove.ts';
import { registryExplain } from './registry-explain.ts';
import { serve } from './serve.ts';
import { version } from './version.ts';

const COMMANDS: readonly Command[] = [
  serve,
  configDefault,
  configCheck,
  handlers,
  imagePull,
  imageList,
  imageImport,
  imageExport,
  imageRemove,
  imagePrune,
  imageDf,
  imageFsck,
  registryExplain,
  version,
];

/**
 * Runs the command that `argv` (without program names) asks for.
 *
 * Never rejects.
 * @returns the exit code: 0, 1 when the command failed, 2 when the command line makes no sense
 */
export async function runCli(argv: readonly string[], around: Surroundings): Promise<number> {
  const { output } = around;
  const [first = 'help', ...rest] = argv;
  if (['help', '--help', '-h'].includes(first)) return help(rest, around);
  if (first === '--version') return runCli(['version'], around);
  const command = findCommand(argv);
  if (command === undefined) {
    output.err(`crisol: unknown command "${argv.slice(0, 2).join(' ')}"; "crisol help" lists all\n`);
    return 2;
  }
  try {
    return await run(command, argv.slice(command.name.split(' ').length), around);
  } catch (error) {
    output.err(`crisol: ${errorMessage(error)}\n`);
    if (!(error instanceof UsageError)) return 1;
    output.err(usageOf(command));
    return 2;
  }
}

function findCommand(argv: readonly string[]): Command | undefined {
  return COMMANDS.find(({ name }) => name.split(' ').every((word, index) => argv[index] === word));
}

function help(words: readonly string[], { output }: Surroundings): number {
  const command = words.length === 0 ? undefined : findCommand(words);
  output.out(command === undefined ? overview(COMMANDS) : `${command.summary}\n${usageOf(command)}`);
  return 0;
}

async function run(command: Command, argv: readonly string[], around: Surroundings): Promise<number> {
  const { values, positionals } = parse(command, argv);
  if (values['help'] === true) return help(command.name.split(' '), around);
  const [least, most] = command.arity;
  if (positionals.length < least) throw new UsageError('an argument is missing');
  if (positionals.length > most) throw new UsageError(`unexpected argument "${positionals[most] ?? ''}"`);
  return command.run({
    ...around,
    args: positionals,
    option: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
    flag: (name) => values[name] === true,
  });
}

function parse(command: Command, argv: readonly string[]): ReturnType<typeof parseArgs> {
  const options = { ...command.options, help: { type: 'boolean', short: 'h' } } as const;
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    // Its messages go on to explain JavaScript strings; the first sentence is the reason.
    throw new UsageError(
      errorMessage(error)
        .split('. ')[0]
        ?.replace(/^./, (letter) => letter.toLowerCase()) ?? '',
    );
  }
}
