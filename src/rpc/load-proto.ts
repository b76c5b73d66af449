// Loads the protocols that ship in proto/, with one set of options for the server, the client and the generated types.
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';
import { packageRoot } from '../package-root.ts';

/** int64 as decimal strings (a JS number would round nanoseconds), enums by name, every field present. */
export const PROTO_OPTIONS: Options = {
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  keepCase: false,
};

/** Both protocols crisol serves: `runtime.v1` and `crisol.v1`. */
export function loadProtocols(): grpc.GrpcObject {
  const directory = join(packageRoot(), 'proto');
  return grpc.loadPackageDefinition(
    loadSync(['runtime/v1/api.proto', 'crisol/v1/admin.proto'], { ...PROTO_OPTIONS, includeDirs: [directory] }),
  );
}
