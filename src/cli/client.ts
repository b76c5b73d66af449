// The command line's connection to a running daemon, over the CRI socket.
import { existsSync } from 'node:fs';
import grpc, { type ServiceError } from '@grpc/grpc-js';
import { unavailable, internal, type DaemonError } from '../errors.ts';
import type { ProtoGrpcType as AdminPackage } from '../gen/admin.ts';
import type { ProtoGrpcType as CriPackage } from '../gen/api.ts';
import type { AdminClient } from '../gen/crisol/v1/Admin.ts';
import type { ImageServiceClient } from '../gen/runtime/v1/ImageService.ts';
import { loadProtocols } from '../rpc/load-proto.ts';

export interface Client {
  readonly images: ImageServiceClient;
  readonly admin: AdminClient;
}

/**
 * Runs `use` with clients for the daemon at `socket`, and closes them after.
 * @throws unavailable when no daemon listens there; internal with the daemon's own message when a call fails
 */
export async function withClient<T>(socket: string, use: (client: Client) => Promise<T>): Promise<T> {
  if (!existsSync(socket)) throw notServing(socket, 'there is no such socket');
  const { crisol, runtime } = loadProtocols() as unknown as AdminPackage & CriPackage;
  const credentials = grpc.credentials.createInsecure();
  const address = `unix:${socket}`;
  const options = { 'grpc.max_receive_message_length': 64 * 1024 * 1024 };
  const client = {
    images: new runtime.v1.ImageService(address, credentials, options),
    admin: new crisol.v1.Admin(address, credentials, options),
  };
  try {
    return await use(client);
  } catch (error) {
    throw isServiceError(error) ? fromDaemon(error, socket) : error;
  } finally {
    client.images.close();
    client.admin.close();
  }
}

/** A unary call as a promise. */
export function unary<Reply>(call: (callback: grpc.requestCallback<Reply>) => void): Promise<Reply> {
  return new Promise((resolve, reject) => {
    call((error, reply) => {
      if (error !== null || reply === undefined) reject(error ?? internal('the daemon sent an empty reply'));
      else resolve(reply);
    });
  });
}

function isServiceError(error: unknown): error is ServiceError {
  return typeof error === 'object' && error !== null && 'details' in error && 'metadata' in error;
}

function fromDaemon({ code, details }: ServiceError, socket: string): DaemonError {
  const isConnection = code === grpc.status.UNAVAILABLE && details.startsWith('No connection established');
  return isConnection ? notServing(socket, 'nobody listens there') : internal(details);
}

function notServing(socket: string, why: string): DaemonError {
  return unavailable(`cannot reach the daemon at "${socket}": ${why}; is "crisol serve" running?`);
}
