// Calls one RPC that crictl has no command for: node rpc.mjs METHOD JSON prints the reply as JSON.
import { createRequire } from 'node:module';

// With what crisol itself was installed with.
const require = createRequire('/opt/crisol/package.json');
const grpc = require('@grpc/grpc-js');
const { loadSync } = require('@grpc/proto-loader');

const [method, request = '{}'] = process.argv.slice(2);
const { runtime } = grpc.loadPackageDefinition(
  loadSync('runtime/v1/api.proto', {
    includeDirs: ['/opt/crisol/proto'],
    longs: String,
    enums: String,
    keepCase: true,
  }),
);
const client = new runtime.v1.RuntimeService('unix:///run/crisol/crisol.sock', grpc.credentials.createInsecure());
client[method](JSON.parse(request), { deadline: Date.now() + 60_000 }, (error, reply) => {
  client.close();
  if (error) console.error(`${grpc.status[error.code]}: ${error.details}`);
  else console.log(JSON.stringify(reply));
  process.exitCode = error ? 1 : 0;
});
