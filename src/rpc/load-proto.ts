// Loads the protocols that ship in proto/, with one set of options for the server, the client and the generated types.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync, type Options } from '@grpc/proto-loader';

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

/** The package's root: the nearest directory above this file that holds proto/. */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'proto'))) {
    const parent = dirname(directory);
    if (parent === directory) throw new ReferenceError('no proto/ directory above the program');
    directory = parent;
  }
  return directory;
}

/** Both protocols crisol serves: `runtime.v1` and `crisol.v1`. */
export function loadProtocols(): grpc.GrpcObject {
  const directory = join(packageRoot(), 'proto');
  return grpc.loadPackageDefinition(
    loadSync(['runtime/v1/api.proto', 'crisol/v1/admin.proto'], { ...PROTO_OPTIONS, includeDirs: [directory] }),
  );
}
