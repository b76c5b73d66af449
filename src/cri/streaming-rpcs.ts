// Exec, Attach and PortForward: checks now, and a URL at which the client will be served.
import type { RuntimeServiceHandlers } from '../gen/runtime/v1/RuntimeService.ts';
import { invalidArgument } from '../errors.ts';
import type { UnaryTable } from '../rpc/service.ts';
import type { WantedStreams } from '../streaming/session.ts';
import type { CriDeps } from './deps.ts';

type StreamingRpcs = Pick<UnaryTable<RuntimeServiceHandlers>, 'Exec' | 'Attach' | 'PortForward'>;

const MAX_PORT = 65_535;

export function streamingRpcs(deps: CriDeps): StreamingRpcs {
  return {
    Exec: ({ containerId, cmd, ...request }) => {
      const streams = checkStreams(request);
      const { id } = deps.containers.running(containerId, 'exec');
      if (cmd.length === 0) throw invalidArgument('the command is empty');
      return { url: deps.streaming.issue({ kind: 'exec', containerId: id, command: cmd, ...streams }) };
    },
    Attach: ({ containerId, ...request }) => {
      const streams = checkStreams(request);
      const { id, config } = deps.containers.running(containerId, 'attach');
      if (streams.tty !== config.tty) {
        throw invalidArgument(`container "${id}" has ${config.tty ? 'a' : 'no'} terminal: tty must be ${config.tty}`);
      }
      return { url: deps.streaming.issue({ kind: 'attach', containerId: id, ...streams }) };
    },
    PortForward: ({ podSandboxId, port }) => {
      const { id } = deps.sandboxes.ready(podSandboxId);
      const bad = port.find((number) => number < 1 || number > MAX_PORT);
      if (bad !== undefined) throw invalidArgument(`${bad} is no port: use 1 to ${MAX_PORT}`);
      return { url: deps.streaming.issue({ kind: 'portforward', sandboxId: id, ports: port }) };
    },
  };
}

/** @see CRI ExecRequest: at least one stream, and a terminal has no standard error of its own */
function checkStreams({ tty, stdin, stdout, stderr }: WantedStreams): WantedStreams {
  if (!stdin && !stdout && !stderr) throw invalidArgument('one of stdin, stdout and stderr must be true');
  if (tty && stderr) throw invalidArgument('tty and stderr cannot both be true: a terminal has one output');
  return { tty, stdin, stdout, stderr };
}
