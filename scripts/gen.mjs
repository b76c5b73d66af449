// Generates src/gen (types only) from proto/, with the loader options the daemon uses at run time.
// Skips the work when the output is newer than every input.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'src/gen');
const stamp = join(out, '.stamp');
const protos = readdirSync(join(root, 'proto'), { recursive: true })
  .filter((name) => name.endsWith('.proto'))
  .map((name) => join(root, 'proto', name));

const newest = Math.max(...[...protos, fileURLToPath(import.meta.url)].map((file) => statSync(file).mtimeMs));
if (existsSync(stamp) && statSync(stamp).mtimeMs > newest) process.exit(0);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
execFileSync(
  process.execPath,
  [
    join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'),
    ...['--longs=String', '--enums=String', '--defaults', '--arrays', '--objects', '--oneofs'],
    ...['--grpcLib=@grpc/grpc-js', '--inputTemplate=%sInput', '--outputTemplate=%s', '--importFileExtension=.ts'],
    ...[`--includeDirs=${join(root, 'proto')}`, `--outDir=${out}`, ...protos],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
// Only api.proto and admin.proto are served over gRPC: the others need no clients.
for (const file of protos.filter((path) => !/\/(api|admin)\.proto$/.test(path))) {
  rmSync(join(out, `${basename(file, '.proto')}.ts`), { force: true });
}
writeFileSync(stamp, '');
