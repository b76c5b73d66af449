// What a daemon tells of itself: names and shapes, as the values are its own.
import type { Recorder } from './answers.ts';

interface Status {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: boolean }[] };
  readonly runtimeHandlers?: readonly object[];
  readonly [key: string]: unknown;
}

export async function info(recorder: Recorder): Promise<void> {
  await recorder.json('info', ['info', '-o', 'json'], ({ status, runtimeHandlers, ...rest }: Status) => ({
    conditions: Object.fromEntries(status.conditions.map((condition) => [condition.type, condition.status])),
    handlers: runtimeHandlers === undefined ? 'not told' : 'told',
    keys: Object.fromEntries(Object.keys(rest).map((key) => [key, true])),
  }));
  await recorder.text('version', ['version']);
  await recorder.text('runtime-config', ['runtime-config']);
}
