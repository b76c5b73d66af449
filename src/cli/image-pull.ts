// `crisol image pull`: a pull that shows its progress.
import { internal } from '../errors.ts';
import type { PullProgress } from '../gen/crisol/v1/PullProgress.ts';
import { withClient } from './client.ts';
import { UsageError, type Call, type Command } from './command.ts';
import { SOCKET_OPTIONS, SOCKET_USAGE, socketOf } from './config-options.ts';
import { progressView } from './pull-progress.ts';

export const imagePull: Command = {
  name: 'image pull',
  usage: `${SOCKET_USAGE} [--username NAME --password-stdin] IMAGE`,
  summary: 'pull an image, showing each layer',
  options: { ...SOCKET_OPTIONS, username: { type: 'string' }, 'password-stdin': { type: 'boolean' } },
  arity: [1, 1],
  run: async (call) => {
    const credentials = await credentialsOf(call);
    const imageRef = await withClient(socketOf(call), async ({ admin }) => {
      const view = progressView(call.output);
      let last = '';
      const replies = admin.pullImage({ image: call.args[0] ?? '', ...credentials });
      for await (const reply of replies as AsyncIterable<PullProgress>) {
        view.show(reply.layers);
        if (reply.imageRef !== '') last = reply.imageRef;
      }
      if (last === '') throw internal('the daemon ended the pull without a result');
      return last;
    });
    call.output.out(`${imageRef}\n`);
    return 0;
  },
};

/** A password is never an argument: those can be seen by every user of the host. */
async function credentialsOf(call: Call): Promise<{ username?: string; password?: string }> {
  const username = call.option('username');
  if ((username === undefined) === call.flag('password-stdin')) {
    throw new UsageError('--username and --password-stdin go together');
  }
  if (username === undefined) return {};
  return { username, password: (await call.readStdin()).replace(/\r?\n$/, '') };
}
