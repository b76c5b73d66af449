// A client of GetContainerEvents in a process of its own, which stands still after its first event.
// Usage: stopping-listener.js SOCKET LAST; prints "listening", "stopping", and when it goes on and has heard of LAST, how
// many events it got.
import grpc from '@grpc/grpc-js';
import type { ProtoGrpcType } from '../../src/gen/api.ts';
import type { ContainerEventResponse } from '../../src/gen/runtime/v1/ContainerEventResponse.ts';
import { loadProtocols } from '../../src/rpc/load-proto.ts';

const [socket = '', last = ''] = process.argv.slice(2);
const { runtime } = loadProtocols() as unknown as ProtoGrpcType;
const service = new runtime.v1.RuntimeService(`unix:${socket}`, grpc.credentials.createInsecure());
let count = 0;

service
  .GetContainerEvents({})
  .on('metadata', () => process.stdout.write('listening\n'))
  .on('data', ({ containerId }: ContainerEventResponse) => {
    count += 1;
    if (count === 1) process.stdout.write('stopping\n', () => process.kill(process.pid, 'SIGSTOP'));
    if (containerId === last) process.stdout.write(`${count}\n`, () => process.exit());
  });
