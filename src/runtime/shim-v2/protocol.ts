// The messages that crisol and shims exchange, as the files below proto/ describe them.
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { internal } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';

const DIRECTORY = join(packageRoot(), 'proto');
const FILES = [
  'ttrpc/ttrpc.proto',
  'containerd/task.proto',
  'containerd/task-events.proto',
  'containerd/forward-events.proto',
  'containerd/bootstrap.proto',
  'containerd/runc-options.proto',
  'containerd/runtime-options.proto',
  'containerd/cgroup1-metrics.proto',
  'containerd/cgroup2-metrics.proto',
];

/** int64 as decimal strings, enums by name, every field present: as src/gen types them. */
const SHAPE = { longs: String, enums: String, defaults: true, arrays: true, objects: true };

/** A value whose type travels with it. Field names as protobufjs has them. */
export interface AnyMessage {
  readonly type_url: string;
  readonly value: Buffer;
}

/** Encodes and decodes messages by their full names. */
export class Protocol {
  readonly #root = new protobuf.Root();

  /** Reads the files: some ten milliseconds, so only a daemon with shim handlers makes one. */
  constructor() {
    // protobufjs brings Google's own files.
    this.#root.resolvePath = (_, target) => (target.startsWith('google/') ? target : join(DIRECTORY, target));
    this.#root.loadSync(FILES).resolveAll();
  }

  encode(type: string, message: object): Buffer {
    const found = this.#root.lookupType(type);
    return Buffer.from(found.encode(found.fromObject(message)).finish());
  }

  /** @throws internal when the bytes are no such message */
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- names the message's generated type
  decode<T>(type: string, bytes: Uint8Array): T {
    const found = this.#root.lookupType(type);
    try {
      return found.toObject(found.decode(bytes), SHAPE) as T;
    } catch (error) {
      throw internal(`these ${bytes.length} bytes are no message of type ${type}`, error);
    }
  }

  /** The names of a method's request and response. */
  method(service: string, name: string): { readonly request: string; readonly response: string } {
    const { resolvedRequestType, resolvedResponseType } = this.#root.lookupService(service).methods[name] ?? {};
    if (!resolvedRequestType || !resolvedResponseType) throw internal(`service ${service} has no method ${name}`);
    return { request: resolvedRequestType.fullName.slice(1), response: resolvedResponseType.fullName.slice(1) };
  }

  /** A message with its type, as containerd names types. */
  any(type: string, message: object): AnyMessage {
    return { type_url: type, value: this.encode(type, message) };
  }
}
