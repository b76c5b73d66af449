// Adds a service to the server from a table of functions; RPCs that are not in the table answer UNIMPLEMENTED.
import type grpc from '@grpc/grpc-js';
import { internal } from '../errors.ts';
import { unary, type RpcDeps, type RpcFunction } from './unary.ts';

/** RPC name to function, for the unary RPCs of a generated handlers interface. */
export type UnaryTable<Handlers> = {
  readonly [
    Method in keyof Handlers as string extends Method ? never : Method
  ]?: Handlers[Method] extends grpc.handleUnaryCall<infer Request, infer Reply> ? RpcFunction<Request, Reply> : never;
};

/** Finds `package.Service` among loaded definitions. */
export function findService(protocols: grpc.GrpcObject, name: string): grpc.ServiceDefinition {
  let node: unknown = protocols;
  for (const part of name.split('.')) node = (node as Record<string, unknown>)[part];
  const service = (node as { service?: grpc.ServiceDefinition } | undefined)?.service;
  if (service === undefined) throw internal(`the protocol has no service "${name}"`);
  return service;
}

/** Serializers by RPC name, for replies that are encoded directly. */
export type ReplyEncoders = Readonly<Record<string, (value: unknown) => Buffer>>;

/** Registers `table` (and streaming handlers as they are) with the server. */
export function addService(
  server: grpc.Server,
  service: grpc.ServiceDefinition,
  table: Readonly<Record<string, RpcFunction<never, unknown> | undefined>>,
  deps: RpcDeps,
  encoders: ReplyEncoders = {},
  streaming: grpc.UntypedServiceImplementation = {},
): void {
  const handlers: grpc.UntypedServiceImplementation = { ...streaming };
  for (const [method, run] of Object.entries(table)) {
    if (run !== undefined) handlers[method] = unary(method, run, deps) as grpc.UntypedHandleCall;
  }
  const definition = Object.fromEntries(
    Object.entries(service).map(([method, shape]) => {
      const responseSerialize = encoders[method];
      return [method, responseSerialize === undefined ? shape : { ...shape, responseSerialize }];
    }),
  );
  server.addService(definition, handlers);
}
