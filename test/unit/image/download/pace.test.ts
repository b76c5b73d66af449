import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { takePaced } from '../../../../src/image/download/pace.ts';

const PACE = { windowMs: 200, minBytesPerSecond: 100 };

async function taken(body: Readable, take: (piece: Buffer) => void = () => undefined): Promise<void> {
  await takePaced(body, PACE, 'registry.example', 'blob "a"', take);
}

/** A body that sends `piece` every `ms`. */
function trickle(piece: string, ms: number): Readable {
  let timer: NodeJS.Timeout;
  return new Readable({
    construct(done) {
      timer = setInterval(() => this.push(piece), ms);
      done();
    },
    read: () => undefined,
    destroy(error, done) {
      clearInterval(timer);
      done(error);
    },
  });
}

describe('takePaced()', () => {
  it('hands over every piece in order, and returns at the end', async () => {
    const pieces: string[] = [];

    await taken(Readable.from([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]), (piece) => {
      pieces.push(piece.toString());
    });

    expect(pieces).toEqual(['a', 'b', 'c']);
  });

  it('ends the body when a piece cannot be taken, and takes no other', async () => {
    const body = Readable.from([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]);
    const pieces: string[] = [];

    const taking = taken(body, (piece) => {
      pieces.push(piece.toString());
      if (pieces.length === 2) throw new RangeError('the disk is full');
    });

    await expect(taking).rejects.toThrow('the disk is full');
    expect(body.destroyed).toBe(true);
    expect(pieces).toEqual(['a', 'b']);
  });

  it('throws what the body throws', async () => {
    const body = new Readable({
      read() {
        this.destroy(new RangeError('the connection broke'));
      },
    });

    await expect(taken(body)).rejects.toThrow('the connection broke');
  });

  it.each([
    {
      how: 'silent',
      body: () => new Readable({ read: () => undefined }),
      error: /stopped sending blob "a": nothing came/,
    },
    { how: 'slow', body: () => trickle('x', 50), error: /sent blob "a" at \d+ bytes a second for 0.2 s; at least 100/ },
  ])('gives up a body that is $how, with host and rate', async ({ body, error }) => {
    await expect(taken(body())).rejects.toThrow(error);
  });
});
