// Streaming zstd decompression through the system's libzstd, which Node 20 does not bring itself.
import koffi from 'koffi';
import { deferred } from '../async/deferred.ts';
import { readAhead } from '../async/read-ahead.ts';
import { failedPrecondition, invalidArgument } from '../errors.ts';
import { OutputRing, PIECES_AHEAD } from './output-ring.ts';

type Result = number | bigint;

interface Bindings {
  readonly create: () => unknown;
  readonly free: (context: unknown) => number;
  readonly decompress: {
    /** In the thread pool. */
    readonly async: (
      context: unknown,
      out: Buffer,
      input: Buffer,
      end: (error: Error | null, result: Result) => void,
    ) => void;
  };
  readonly isError: (code: Result) => number;
  readonly errorName: (code: Result) => string;
}

const LIBRARY = 'libzstd.so.1';
// `struct ZSTD_inBuffer_s` and `ZSTD_outBuffer_s` of zstd.h, on 64-bit Linux: an address, a size, a position.
const VIEW_BYTES = 24;
const SIZE = 8;
const POSITION = 16;

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
      'size_t ZSTD_decompressStream(void *context, uint8_t *out, uint8_t *in)',
    ) as unknown as Bindings['decompress'],
    isError: library.func('unsigned int ZSTD_isError(size_t code)') as Bindings['isError'],
    errorName: library.func('const char *ZSTD_getErrorName(size_t code)') as Bindings['errorName'],
  };
}

const bindings = load();

/** Whether libzstd is there. */
export function hasZstd(): boolean {
  return bindings !== undefined;
}

/** Memory that the library reads from or writes to, and how far it has got there. */
class View {
  readonly struct = Buffer.alloc(VIEW_BYTES);

  aim(memory: Buffer): void {
    if (memory.length > 0) this.struct.writeBigUInt64LE(koffi.address(memory), 0);
    this.struct.writeBigUInt64LE(BigInt(memory.length), SIZE);
    this.struct.writeBigUInt64LE(0n, POSITION);
  }

  get position(): number {
    return Number(this.struct.readBigUInt64LE(POSITION));
  }
}

/**
 * Decompresses any number of concatenated frames. Yields at most 1 MiB at a time, which is valid until the next is
 * asked for; the next ones are made in the thread pool meanwhile.
 *
 * @throws failed-precondition without libzstd; invalid-argument when the bytes are damaged or end within a frame
 */
export function zstdDecompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  return readAhead(decompressSteps(source), PIECES_AHEAD);
}

async function* decompressSteps(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  if (bindings === undefined) throw failedPrecondition(`zstd: ${LIBRARY} is not installed`);
  const context = bindings.create();
  const [input, output] = [new View(), new View()];
  const ring = new OutputRing();
  let isBetween = true;
  try {
    for await (const chunk of source) {
      input.aim(chunk);
      let isFull = false;
      do {
        const out = ring.free;
        output.aim(out);
        isBetween = await step(bindings, context, output, input);
        const filled = out.subarray(0, output.position);
        isFull = filled.length === out.length;
        if (filled.length > 0) {
          ring.turn();
          yield filled;
        }
        // A full output buffer may mean that more is waiting inside although all input was taken.
      } while (input.position < chunk.length || (isFull && !isBetween));
    }
    if (!isBetween) throw invalidArgument('zstd: unexpected end of the stream');
  } finally {
    bindings.free(context);
  }
}

/** @returns whether a frame has ended and no other begun */
async function step(bindings: Bindings, context: unknown, output: View, input: View): Promise<boolean> {
  const { promise, resolve, reject } = deferred<Result>();
  bindings.decompress.async(context, output.struct, input.struct, (error, result) =>
    error === null ? resolve(result) : reject(error),
  );
  const rest = await promise;
  if (bindings.isError(rest) !== 0) throw invalidArgument(`zstd: ${bindings.errorName(rest)}`);
  return Number(rest) === 0;
}
