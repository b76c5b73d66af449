// Streaming zstd decompression through the system's libzstd, which Node 20 does not bring itself.
import koffi from 'koffi';
import { failedPrecondition, invalidArgument } from '../errors.ts';

interface Bindings {
  readonly create: () => unknown;
  readonly free: (context: unknown) => number;
  readonly decompress: (...args: unknown[]) => number | bigint;
  readonly isError: (code: number | bigint) => number;
  readonly errorName: (code: number | bigint) => string;
}

const OUTPUT_BYTES = 1024 * 1024;
const LIBRARY = 'libzstd.so.1';

function load(): Bindings | undefined {
  let library;
  try {
    library = koffi.load(LIBRARY);
  } catch {
    return undefined;
  }
  return {
    create: library.func('void *ZSTD_createDCtx()') as Bindings['create'],
    free: library.func('size_t ZSTD_freeDCtx(void *context)') as Bindings['free'],
    decompress: library.func(
      'size_t ZSTD_decompressStream_simpleArgs(void *context, _Out_ uint8_t *out, size_t outSize, _Inout_ size_t *outAt, const uint8_t *in, size_t inSize, _Inout_ size_t *inAt)',
    ) as Bindings['decompress'],
    isError: library.func('unsigned int ZSTD_isError(size_t code)') as Bindings['isError'],
    errorName: library.func('const char *ZSTD_getErrorName(size_t code)') as Bindings['errorName'],
  };
}

const bindings = load();

/** Whether libzstd is there. */
export function hasZstd(): boolean {
  return bindings !== undefined;
}

/**
 * Decompresses any number of concatenated frames. Each step is synchronous and yields at most 1 MiB, which is
 * valid until the next is asked for.
 *
 * @throws failed-precondition without libzstd; invalid-argument when the bytes are damaged or end within a frame
 */
export async function* zstdDecompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  if (bindings === undefined) throw failedPrecondition(`zstd: ${LIBRARY} is not installed`);
  const context = bindings.create();
  const out = Buffer.allocUnsafeSlow(OUTPUT_BYTES);
  let between = true;
  try {
    for await (const chunk of source) {
      const inAt: [number] = [0];
      const outAt: [number] = [0];
      do {
        outAt[0] = 0;
        const rest = bindings.decompress(context, out, out.length, outAt, chunk, chunk.length, inAt);
        if (bindings.isError(rest) !== 0) throw invalidArgument(`zstd: ${bindings.errorName(rest)}`);
        between = Number(rest) === 0;
        if (outAt[0] > 0) yield out.subarray(0, outAt[0]);
        // A full output buffer may mean that more is waiting inside although all input was taken.
      } while (inAt[0] < chunk.length || (outAt[0] === out.length && !between));
    }
    if (!between) throw invalidArgument('zstd: unexpected end of the stream');
  } finally {
    bindings.free(context);
  }
}
