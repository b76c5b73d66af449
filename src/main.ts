#!/usr/bin/env node
// Process entry: hands the command line to the cli and sets the exit code.
import { text } from 'node:stream/consumers';
import { runCli } from './cli/cli.ts';
import { processOutput } from './cli/output.ts';
import type { Config } from './config/schema.ts';

process.exitCode = await runCli(process.argv.slice(2), {
  output: processOutput(),
  readStdin: () => text(process.stdin),
  // Loaded only when it is needed: every other command starts faster without it.
  runDaemon: async (config: Config) => (await import('./daemon/daemon.ts')).runDaemon(config),
});
