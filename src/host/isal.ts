// Streaming gzip decompression through the system's ISA-L, which inflates 1.3 to 2 times as fast as zlib where it is
// installed (Debian's libisal2, the library of the igzip program).
import { gzipSync } from 'node:zlib';
import koffi from 'koffi';
import { deferred } from '../async/deferred.ts';
import { readAhead } from '../async/read-ahead.ts';
import { failedPrecondition, invalidArgument } from '../errors.ts';
import { OutputRing, PIECES_AHEAD } from './output-ring.ts';

interface Bindings {
  readonly init: (state: Buffer) => void;
  readonly inflate: ((state: Buffer) => number) & {
    /** In the thread pool. */
    readonly async: (state: Buffer, end: (error: Error | null, result: number) => void) => void;
  };
}

// The version is part of the name: the layout below is that of this one.
const LIBRARY = 'libisal.so.2';
// `struct inflate_state` of isa-l/igzip_lib.h, on 64-bit Linux: 87368 bytes.
const STATE_BYTES = 128 * 1024;
const NEXT_OUT = 0;
const AVAIL_OUT = 8;
const NEXT_IN = 16;
const AVAIL_IN = 32;
const BLOCK_STATE = 21160;
const CRC_FLAG = 21172;
const BLOCK_FINISH = 5;
const ISAL_GZIP = 1;
const ERRORS: ReadonlyMap<number, string> = new Map([
  [-1, 'invalid block type'],
  [-2, 'invalid code'],
  [-3, 'invalid distance too far back'],
  [-4, 'incorrect header check'],
  [-5, 'unknown compression method'],
  [-6, 'incorrect data check'],
]);

function load(): Bindings | undefined {
  try {
    const library = koffi.load(LIBRARY);
    const bindings = {
      init: library.func('void isal_inflate_init(uint8_t *state)') as Bindings['init'],
      inflate: library.func('int isal_inflate(uint8_t *state)') as Bindings['inflate'],
    };
    return isSound(bindings) ? bindings : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the library does what the layout above says: a build with another one must not be trusted with images. */
function isSound(bindings: Bindings): boolean {
  const text = Buffer.from('crisol '.repeat(20_000));
  const packed = gzipSync(text);
  const inflater = new Inflater(bindings);
  inflater.give(packed);
  return inflater.step(Buffer.alloc(text.length + 1)).equals(text) && inflater.isFinished && inflater.left.length === 0;
}

/** One gzip member after another, in steps of one output buffer each. */
class Inflater {
  readonly #bindings: Bindings;
  readonly #state = Buffer.alloc(STATE_BYTES);
  #input: Buffer = Buffer.alloc(0);

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
    this.begin();
  }

  /** Begins a member; input that is left stays. */
  begin(): void {
    const left = this.left;
    this.#bindings.init(this.#state);
    this.#state.writeUInt32LE(ISAL_GZIP, CRC_FLAG);
    this.give(left);
  }

  give(input: Buffer): void {
    this.#input = input;
    if (input.length > 0) this.#state.writeBigUInt64LE(koffi.address(input), NEXT_IN);
    this.#state.writeUInt32LE(input.length, AVAIL_IN);
  }

  get left(): Buffer {
    return this.#input.subarray(this.#input.length - this.#state.readUInt32LE(AVAIL_IN));
  }

  get isFinished(): boolean {
    return this.#state.readUInt32LE(BLOCK_STATE) === BLOCK_FINISH;
  }

  /** Inflates into `out` and returns the part of it that was filled. @throws invalid-argument */
  step(out: Buffer): Buffer {
    this.#aim(out);
    return this.#filled(out, this.#bindings.inflate(this.#state));
  }

  /** `step` in the thread pool; nothing else may be asked meanwhile. */
  async stepAside(out: Buffer): Promise<Buffer> {
    this.#aim(out);
    const { promise, resolve, reject } = deferred<number>();
    this.#bindings.inflate.async(this.#state, (error, result) => (error === null ? resolve(result) : reject(error)));
    return this.#filled(out, await promise);
  }

  #aim(out: Buffer): void {
    this.#state.writeBigUInt64LE(koffi.address(out), NEXT_OUT);
    this.#state.writeUInt32LE(out.length, AVAIL_OUT);
  }

  #filled(out: Buffer, result: number): Buffer {
    if (result < 0) throw invalidArgument(`gzip: ${ERRORS.get(result) ?? `error ${result}`}`);
    return out.subarray(0, out.length - this.#state.readUInt32LE(AVAIL_OUT));
  }
}

const bindings = load();

/** Whether ISA-L is there. */
export function hasIsal(): boolean {
  return bindings !== undefined;
}

/**
 * Decompresses any number of gzip members; zeros after one are padding. Yields at most 1 MiB at a time, which is valid
 * until the next is asked for; the next ones are inflated in the thread pool meanwhile.
 *
 * @throws failed-precondition without ISA-L; invalid-argument when the bytes are damaged or end within a member
 */
export function isalGunzip(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  return readAhead(inflateSteps(source), PIECES_AHEAD);
}

async function* inflateSteps(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  if (bindings === undefined) throw failedPrecondition(`gzip: ${LIBRARY} is not installed`);
  const inflater = new Inflater(bindings);
  const ring = new OutputRing();
  let isBetween = false;
  for await (const chunk of source) {
    inflater.give(chunk);
    for (;;) {
      if (isBetween) {
        if (inflater.left.length === 0) break;
        if (inflater.left[0] === 0) return;
        inflater.begin();
        isBetween = false;
      }
      const out = ring.free;
      const filled = await inflater.stepAside(out);
      isBetween = inflater.isFinished;
      if (filled.length > 0) {
        ring.turn();
        yield filled;
      }
      // A full buffer may mean that more is waiting inside although all input was taken.
      if (!isBetween && inflater.left.length === 0 && filled.length < out.length) break;
    }
  }
  if (!isBetween) throw invalidArgument('gzip: unexpected end of file');
}
