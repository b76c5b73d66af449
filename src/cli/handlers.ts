// `crisol handlers`: the runtime handlers as the daemon knows them, or as a check without a daemon finds them.
import { withCure } from '../errors.ts';
import type { ListHandlersResponse } from '../gen/crisol/v1/ListHandlersResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { configOf, SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';
import type { ListedHandler } from './listed-handler.ts';
import { textTable } from './text-table.ts';

export const handlers: Command = {
  name: 'handlers',
  usage: `${SOCKET_USAGE} [--check] [--json]`,
  summary: 'show the runtime handlers; with --check prove them without a daemon, 1 when one does not work',
  options: { ...SOCKET_OPTIONS, check: { type: 'boolean' }, json: { type: 'boolean' } },
  arity: [0, 0],
  run: async (call) => {
    const isCheck = call.flag('check');
    const listed: readonly ListedHandler[] = isCheck ? await call.checkHandlers(configOf(call)) : await ask(call);
    call.output.out(call.flag('json') ? `${JSON.stringify(listed.map(toJson), null, 2)}\n` : handlersText(listed));
    return isCheck && listed.some(({ state }) => state !== 'ready') ? 1 : 0;
  },
};

async function ask(call: Parameters<Command['run']>[0]): Promise<readonly ListedHandler[]> {
  const reply = await withClient(socketOf(call), ({ admin }) =>
    unary<ListHandlersResponse>((done) => admin.listHandlers({}, done)),
  );
  return reply.handlers;
}

function toJson({ isDefault, features, ...handler }: ListedHandler): object {
  return {
    ...handler,
    default: isDefault,
    features: Object.fromEntries(features.map(({ name, value, source }) => [name, { value, source }])),
  };
}

/** Three paragraphs: the handlers, what each can do and who said so, and what is wrong with those that failed. */
export function handlersText(listed: readonly ListedHandler[]): string {
  const table = textTable([
    ['HANDLER', 'KIND', 'STATE', 'VERSION', 'PATH'],
    ...listed.map(({ name, kind, state, version, path, isDefault }) => [
      isDefault ? `${name} (default)` : name,
      kind,
      state,
      version === '' ? 'unknown' : version,
      path,
    ]),
  ]);
  const ready = listed.filter(({ state }) => state === 'ready');
  const names = ready[0]?.features.map(({ name }) => name) ?? [];
  const features = textTable([
    ['FEATURE', ...ready.map(({ name }) => name)],
    ...names.map((feature) => [feature, ...ready.map((handler) => featureText(handler, feature))]),
  ]);
  const faults = listed
    .filter(({ state }) => state !== 'ready')
    .map(({ name, reason, cure }) => `${name}: ${reason}\n${cure === '' ? '' : `  cure: ${cure}\n`}`);
  return [table, ...(ready.length > 0 ? [features] : []), ...(faults.length > 0 ? [faults.join('')] : [])].join('\n');
}

function featureText({ features }: ListedHandler, wanted: string): string {
  const feature = features.find(({ name }) => name === wanted);
  return feature === undefined ? '-' : withCure(feature.value ? 'yes' : 'no', feature.source);
}
