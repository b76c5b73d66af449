// `crisol image df`: where the space of the image store went.
import type { ImageUsageResponse } from '../gen/crisol/v1/ImageUsageResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';
import { humanSize } from './human-size.ts';
import { textTable } from './text-table.ts';

const ROWS = [
  ['blobs', 'compressed, as pulled'],
  ['layers', 'unpacked'],
  ['shared', 'of the layers: those of several images'],
  ['writable', 'written by containers'],
  ['quarantine', 'damaged, kept for a look'],
  ['reclaimable', 'of images neither used nor pinned'],
] as const;

export const imageDf: Command = {
  name: 'image df',
  usage: `${SOCKET_USAGE} [--json]`,
  summary: 'show what images and containers take on the disk',
  options: { ...SOCKET_OPTIONS, json: { type: 'boolean' } },
  arity: [0, 0],
  run: async (call) => {
    const usage = await withClient(socketOf(call), ({ admin }) =>
      unary<ImageUsageResponse>((done) => admin.imageUsage({}, done)),
    );
    if (call.flag('json')) call.output.out(`${JSON.stringify(usage, null, 2)}\n`);
    else call.output.out(`${textTable(totals(usage))}\n${textTable(images(usage))}`);
    return 0;
  },
};

function totals(usage: ImageUsageResponse): string[][] {
  const rows = ROWS.map(([name, meaning]) => {
    const tally = usage[name];
    return [name, tally?.count ?? '0', humanSize(Number(tally?.bytes ?? 0)), meaning];
  });
  return [['', 'COUNT', 'SIZE', ''], ...rows];
}

function images(usage: ImageUsageResponse): string[][] {
  const sorted = [...usage.images].sort((one, other) => Number(other.bytes) - Number(one.bytes));
  const rows = sorted.map(({ names, id, bytes, sharedBytes, used, pinned, hidden }) => [
    names[0] ?? id.replace(/^sha256:/, '').slice(0, 13),
    humanSize(Number(bytes)),
    humanSize(Number(sharedBytes)),
    [used && 'used', pinned && 'pinned', hidden && 'removed'].filter(Boolean).join(', '),
  ]);
  return [['IMAGE', 'SIZE', 'SHARED', ''], ...rows];
}
