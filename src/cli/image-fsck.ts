// `crisol image fsck`: every blob and layer against its digest, on a running daemon.
import type { CheckImagesResponse } from '../gen/crisol/v1/CheckImagesResponse.ts';
import { unary, withClient } from './client.ts';
import type { Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';

export const imageFsck: Command = {
  name: 'image fsck',
  usage: `${SOCKET_USAGE} [--dry-run] [--json]`,
  summary: 'check every blob and layer against its digest; set damaged ones aside and get them anew',
  options: { ...SOCKET_OPTIONS, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } },
  arity: [0, 0],
  run: async (call) => {
    const report = await withClient(socketOf(call), ({ admin }) =>
      unary<CheckImagesResponse>((done) => admin.checkImages({ repair: !call.flag('dry-run') }, done)),
    );
    const { findings, blobs, layers, unproven } = report;
    if (call.flag('json')) call.output.out(`${JSON.stringify(report, null, 2)}\n`);
    else {
      for (const { kind, digest, problem, outcome } of findings) {
        call.output.out(`${kind} ${digest}: ${problem} (${outcome})\n`);
      }
      const first = Number(unproven) === 0 ? '' : `, ${unproven} of them for the first time`;
      call.output.out(`${blobs} blobs and ${layers} layers checked${first}: ${findings.length} problems\n`);
    }
    return findings.every(({ outcome }) => outcome === 'set aside and got anew') ? 0 : 1;
  },
};
