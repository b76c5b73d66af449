// The thread that copies the output of all containers of shim handlers: a container that writes without end takes no
// time from the daemon's calls.
import { parentPort } from 'node:worker_threads';
import { errorMessage } from '../../../errors.ts';
import { workerInput } from '../../../host/worker.ts';
import type { OutputCall, OutputCommand, OutputNews } from './messages.ts';
import { OutputCopy } from './output-copy.ts';

workerInput();
const copies = new Map<string, OutputCopy>();

function tell(news: OutputNews): void {
  parentPort?.postMessage(news);
}

async function execute(command: OutputCommand): Promise<unknown> {
  if (command.op === 'open') {
    const { request } = command;
    copies.get(request.id)?.close();
    copies.set(request.id, new OutputCopy(request, (client, packet) => tell({ kind: 'output', client, packet })));
    return true;
  }
  const copy = copies.get(command.id);
  if (copy === undefined) return false;
  switch (command.op) {
    case 'reopen':
      copy.reopen(command.logPath);
      break;
    case 'drain':
      await copy.drain(command.ms);
      break;
    case 'attach':
      copy.attach(command.client);
      break;
    case 'detach':
      copy.detach(command.client);
      break;
    case 'pause':
      copy.pause(command.client, command.paused);
      break;
    case 'close':
      copies.delete(command.id);
      copy.close();
      for (const client of copy.clients) tell({ kind: 'end', client });
      break;
  }
  return true;
}

parentPort?.on('message', ({ call, command }: OutputCall) => {
  execute(command).then(
    (value) => tell({ kind: 'answer', call, value, error: undefined }),
    (error: unknown) => tell({ kind: 'answer', call, value: undefined, error: errorMessage(error) }),
  );
});
