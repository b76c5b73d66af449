#!/usr/bin/env node
// Process entry: hands the command line to the cli and exits with its code.
import { text } from 'node:stream/consumers';
import { runCli } from './cli/cli.ts';
import { processOutput } from './cli/output.ts';
import type { Config } from './config/schema.ts';
import { putHelpersBehind } from './host/background-thread.ts';
import { keepHeapSmall } from './host/small-heap.ts';

const exitCode = await runCli(process.argv.slice(2), {
  output: processOutput(),
  readStdin: () => text(process.stdin),
  // Loaded only when it is needed: every other command starts faster without it.
  runDaemon: async (config: Config, reload: () => Config) => {
    keepHeapSmall();
    putHelpersBehind();
    return (await import('./daemon/daemon.ts')).runDaemon(config, reload);
  },
  checkHandlers: async (config: Config) => (await import('./daemon/check-handlers.ts')).checkHandlers(config),
});
// A daemon that failed half-way through its start leaves threads and watches that would keep the process for ever.
process.exit(exitCode);
