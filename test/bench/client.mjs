// A raw CRI client: every RPC as a function that takes a request and returns a promise of the response.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const protos = join(dirname(fileURLToPath(import.meta.url)), '../../proto');
const callTimeoutMs = 600_000;

export function connect(endpoint) {
  const definition = loadSync('runtime/v1/api.proto', { longs: String, enums: String, includeDirs: [protos] });
  const { runtime } = grpc.loadPackageDefinition(definition);
  const address = endpoint.includes('://') ? endpoint.replace('unix://', 'unix:') : `unix:${endpoint}`;
  const clients = ['RuntimeService', 'ImageService'].map(
    (service) =>
      new runtime.v1[service](address, grpc.credentials.createInsecure(), { 'grpc.default_authority': 'localhost' }),
  );
  const call = (method, request = {}) =>
    new Promise((resolve, reject) => {
      const client = clients.find((candidate) => method in candidate);
      const deadline = Date.now() + callTimeoutMs;
      client[method](request, { deadline }, (error, response) => (error ? reject(error) : resolve(response)));
    });
  const rpc = new Proxy({}, { get: (_, method) => (request) => call(method, request) });
  return { rpc, close: () => clients.forEach((client) => client.close()) };
}
