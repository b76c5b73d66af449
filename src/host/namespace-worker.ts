// The Worker thread that enters namespaces, so that the main thread and the thread pool never do.
// Started only after the thread pool exists: pool threads inherit the namespaces of whoever uses the pool first.
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { errorCode, errorMessage, invalidArgument, isErrno } from '../errors.ts';
import {
  AF,
  CLONE,
  SOCK,
  bindNamespace,
  gettid,
  setHostname,
  setInterfaceUp,
  setns,
  socket,
  unshare,
} from './kernel.ts';
import { sysctlPath } from './sysctl-path.ts';
import type { NamespaceKind, NamespaceReply, NamespaceRequest, PinRequest } from './namespaces.ts';

const FLAGS: Readonly<Record<NamespaceKind, number>> = { net: CLONE.NEWNET, ipc: CLONE.NEWIPC, uts: CLONE.NEWUTS };
const KINDS = ['net', 'ipc', 'uts'] as const;
const thread = `/proc/self/task/${gettid()}/ns`;
const home = {
  net: openSync(`${thread}/net`, 'r'),
  ipc: openSync(`${thread}/ipc`, 'r'),
  uts: openSync(`${thread}/uts`, 'r'),
};

function goHome(kinds: readonly NamespaceKind[]): void {
  for (const kind of kinds) {
    try {
      setns(home[kind], FLAGS[kind]);
    } catch {
      // Going on in a pod's namespace would mix up pods: nothing is worse.
      process.abort();
    }
  }
}

function setSysctl(name: string, value: string): void {
  try {
    writeFileSync(sysctlPath(name), value);
  } catch (error) {
    const why = isErrno(error, 'ENOENT') ? 'this kernel has no such parameter' : errorMessage(error);
    throw invalidArgument(`sysctl "${name}" cannot be set to "${value}": ${why}`);
  }
}

function join(path: string, kind: NamespaceKind): void {
  const fd = openSync(path, 'r');
  try {
    setns(fd, FLAGS[kind]);
  } finally {
    closeSync(fd);
  }
}

function pinTo(target: string, kind: NamespaceKind): void {
  writeFileSync(target, '');
  bindNamespace(`${thread}/${kind}`, target);
}

function pin(request: PinRequest): void {
  mkdirSync(request.directory, { recursive: true, mode: 0o700 });
  if (request.exist !== true) unshare(request.kinds.reduce((flags, kind) => flags | FLAGS[kind], 0));
  try {
    for (const kind of request.kinds) {
      const target = `${request.directory}/${kind}`;
      if (request.exist === true) join(target, kind);
      else pinTo(target, kind);
    }
    if (request.kinds.includes('net')) setInterfaceUp('lo');
    if (request.hostname !== undefined) setHostname(request.hostname);
    for (const [name, value] of Object.entries(request.sysctls)) setSysctl(name, value);
  } finally {
    goHome(request.kinds);
  }
}

function inNetns<T>(netnsPath: string, work: () => T): T {
  const fd = openSync(netnsPath, 'r');
  try {
    setns(fd, FLAGS.net);
    try {
      return work();
    } finally {
      goHome(['net']);
    }
  } finally {
    closeSync(fd);
  }
}

function answer(request: NamespaceRequest): unknown {
  switch (request.op) {
    case 'pin': {
      pin(request);
      return;
    }
    case 'socket':
      return inNetns(request.netnsPath, () =>
        socket(request.family === 6 ? AF.INET6 : AF.INET, SOCK.STREAM | SOCK.NONBLOCK),
      );
    case 'net-dev':
      return inNetns(request.netnsPath, () => readFileSync('/proc/thread-self/net/dev', 'latin1'));
  }
}

parentPort?.on('message', ({ id, request }: { id: number; request: NamespaceRequest }) => {
  let reply: NamespaceReply;
  try {
    reply = { id, value: answer(request) };
  } catch (error) {
    reply = { id, error: errorMessage(error), code: errorCode(error) };
  }
  parentPort?.postMessage(reply);
});
// Kinds are listed so that a missing one fails at start rather than at the first pod.
parentPort?.postMessage({ id: 0, value: KINDS.map((kind) => home[kind]) });
