// A CRI client on a socket: one generic call, and what a failed call said.
import grpc, { type ServiceError } from '@grpc/grpc-js';
import type { ProtoGrpcType as CriPackage } from '../../src/gen/api.ts';
import type { ImageServiceDefinition } from '../../src/gen/runtime/v1/ImageService.ts';
import type { RuntimeServiceDefinition } from '../../src/gen/runtime/v1/RuntimeService.ts';
import { loadProtocols } from '../../src/rpc/load-proto.ts';

// Generated definitions have an index signature beside their methods.
type Known<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
type Methods = Known<RuntimeServiceDefinition> & Known<ImageServiceDefinition>;
type Method = Extract<keyof Methods, string>;
type RequestOf<M extends Method> = Parameters<Methods[M]['requestSerialize']>[0];
type ReplyOf<M extends Method> = ReturnType<Methods[M]['responseDeserialize']>;

/** How a call ended that was not answered: the gRPC code by name, and the message. */
export interface Failure {
  readonly code: string;
  readonly details: string;
}

// A daemon that takes its time to start is met soon after, rather than after the next of ever longer pauses.
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 50, 'grpc.max_reconnect_backoff_ms': 250 };

export class CriClient {
  readonly #runtime: grpc.Client;
  readonly #images: grpc.Client;

  constructor(socket: string) {
    const { runtime } = loadProtocols() as unknown as CriPackage;
    const credentials = grpc.credentials.createInsecure();
    this.#runtime = new runtime.v1.RuntimeService(`unix:${socket}`, credentials, RECONNECT);
    this.#images = new runtime.v1.ImageService(`unix:${socket}`, credentials, RECONNECT);
  }

  /** Calls a method of either service. @throws the ServiceError of grpc-js */
  call<M extends Method>(method: M, request: RequestOf<M>, timeoutMs = 60_000): Promise<ReplyOf<M>> {
    const client = (method in this.#runtime ? this.#runtime : this.#images) as unknown as Record<string, unknown>;
    const send = client[method] as (
      request: RequestOf<M>,
      options: grpc.CallOptions,
      callback: grpc.requestCallback<ReplyOf<M>>,
    ) => void;
    return new Promise((resolve, reject) => {
      send.call(client, request, { deadline: Date.now() + timeoutMs }, (error, reply) => {
        if (error !== null) reject(error);
        else resolve(reply!);
      });
    });
  }

  /** The messages of a method of RuntimeService that streams, to its end. */
  async stream<M extends Method>(method: M, request: RequestOf<M>): Promise<ReplyOf<M>[]> {
    const client = this.#runtime as unknown as Record<string, (request: RequestOf<M>) => AsyncIterable<ReplyOf<M>>>;
    const messages: ReplyOf<M>[] = [];
    for await (const message of client[method]!(request)) messages.push(message);
    return messages;
  }

  /** Calls a method that is to fail, and returns how. @throws when it is answered */
  async failure<M extends Method>(method: M, request: RequestOf<M>): Promise<Failure> {
    try {
      await this.call(method, request);
    } catch (error) {
      const { code, details } = error as ServiceError;
      return { code: grpc.status[code], details };
    }
    throw new RangeError(`${method} was answered, but should have failed`);
  }

  close(): void {
    this.#runtime.close();
    this.#images.close();
  }
}
