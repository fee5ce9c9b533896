import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { chunksOf, hashesOf, type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import type { BlobStore, BlobWriter } from '../blobs/blob-store.ts';
import { wholeOf } from '../model/byte-range.ts';
import { KIB, MIB } from '../model/limits.ts';
import type { Flow } from './flow.ts';
import { FramePool } from './frame-pool.ts';
import { readRange } from './outputs.ts';
import { receive } from './receive.ts';

let arrangement: TestArrangement;
beforeAll(async () => {
  arrangement = await testArrangement();
});
afterAll(() => arrangement[Symbol.asyncDispose]());

let frames: FramePool;
beforeEach(() => {
  frames = new FramePool();
});

/** Every buffer that was taken is back, and none came back twice. */
const expectFramesBack = (): void => expect(frames.outBytes).toBe(0);

const accept = () => undefined;
const about = () => ({ kind: 'output' as const, createdAtMs: 7 });
const stored = async (): Promise<string[]> => {
  const names: string[] = [];
  for await (const { blobId } of arrangement.given.blobs.list()) names.push(blobId);
  return names;
};
const incoming = () => readdirSync(join(arrangement.blobsDirectory, 'incoming'));

describe('what comes in', () => {
  const sizes = [0, 1, 1000, MIB - 1, MIB, MIB + 1, 2 * MIB - 1, 2 * MIB, 2 * MIB + 1, 3.5 * MIB];
  const chunks = [1013, 65_536, MIB, 3 * MIB];

  test.each(sizes)('%d bytes have the right hashes and come back, in chunks of any size', async (sizeBytes) => {
    const { blobs } = arrangement.given;
    const bytes = noise(sizeBytes);
    for (const chunkBytes of chunks) {
      const received = await receive({ blobs, frames, source: chunksOf(bytes, chunkBytes), check: accept, about });
      expect(received).toEqual({ blobId: received.blobId, about: about(), sizeBytes, ...hashesOf(bytes) });
      const refs = [{ ...received, startByte: 0 }];
      const parts: Buffer[] = [];
      const reading = sizeBytes === 0 ? [] : readRange({ blobs, frames }, { refs, range: wholeOf(sizeBytes) });
      for await (const part of reading) parts.push(Buffer.from(part));
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    }
    expectFramesBack();
  });

  test('single bytes and empty chunks are chunks too', async () => {
    const { blobs } = arrangement.given;
    const bytes = noise(300);
    async function* source() {
      for (const byte of bytes) yield* [Buffer.alloc(0), Buffer.of(byte)];
    }
    expect(await receive({ blobs, frames, source: source(), check: accept, about })).toMatchObject(hashesOf(bytes));
    expectFramesBack();
  });

  test('a chunk may be reused by its source once the next one is asked for', async () => {
    const { blobs } = arrangement.given;
    const bytes = noise(2.5 * MIB);
    async function* source() {
      const chunk = Buffer.alloc(1000);
      for (let start = 0; start < bytes.length; start += 1000) {
        yield chunk.subarray(0, bytes.copy(chunk, 0, start, start + 1000));
        chunk.fill(0);
      }
    }
    expect(await receive({ blobs, frames, source: source(), check: accept, about })).toMatchObject(hashesOf(bytes));
  });
});

describe('nothing is stored, and every buffer is back', () => {
  test('when the check does not agree', async () => {
    const before = await stored();
    const check = (received: { sizeBytes: number }) => {
      throw new Error(`not these ${received.sizeBytes} bytes`);
    };
    const { blobs } = arrangement.given;
    const receiving = receive({ blobs, frames, source: chunksOf(noise(2.5 * MIB)), check, about });
    await expect(receiving).rejects.toThrow('not these 2621440 bytes');
    expect(await stored()).toEqual(before);
    expect(incoming()).toEqual([]);
    expectFramesBack();
  });

  test.each([0, 10, MIB, 5 * MIB + 7])('when the source fails after %d bytes', async (sizeBytes) => {
    const before = await stored();
    async function* source() {
      yield* chunksOf(noise(sizeBytes));
      throw new Error('the client went away');
    }
    const check = vi.fn();
    const { blobs } = arrangement.given;
    await expect(receive({ blobs, frames, source: source(), check, about })).rejects.toThrow('the client went away');
    expect(check).not.toHaveBeenCalled();
    expect(await stored()).toEqual(before);
    expect(incoming()).toEqual([]);
    expectFramesBack();
  });

  test.each([0, 1, 5])('when the disk fails at frame %d, and the source is told to stop', async (failing) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const disposed = vi.fn();
    let writes = 0;
    const blobs = storeOf({
      write: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (writes++ >= failing) throw new Error('no space left');
      },
      end: () => Promise.reject(new Error('ended')),
      commit: () => Promise.reject(new Error('committed')),
      [Symbol.asyncDispose]: async () => disposed(),
    });
    const ended = vi.fn();
    async function* source() {
      try {
        yield* chunksOf(noise(12 * MIB), MIB);
      } finally {
        ended();
      }
    }
    await expect(receive({ blobs, frames, source: source(), check: accept, about })).rejects.toThrow('no space left');
    expect(ended).toHaveBeenCalledOnce();
    expect(disposed).toHaveBeenCalledOnce();
    expectFramesBack();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

/** A disk that takes a while for each frame. */
const slowBlobs = () =>
  storeOf({
    write: () => new Promise((resolve) => setTimeout(resolve, 2)),
    end: async () => ({ sizeBytes: 0, linearHash: '', treeHash: '' }),
    commit: async () => '',
    [Symbol.asyncDispose]: async () => undefined,
  });

describe('a slow disk', () => {
  test('holds the source back: few buffers, whatever the size', async () => {
    let outMax = 0;
    const chunk = noise(MIB);
    async function* source() {
      for (let index = 0; index < 30; index += 1) {
        outMax = Math.max(outMax, frames.outBytes);
        yield chunk;
      }
    }
    await receive({ blobs: slowBlobs(), frames, source: source(), check: accept, about });
    expect(outMax).toBeLessThanOrEqual(4 * MIB);
    expectFramesBack();
  });

  test('F-38 and 200 bodies at once: no more buffers than there may be, and all come to their end', async () => {
    frames = new FramePool({ bytesMax: 24 * MIB });
    const chunk = noise(MIB / 2);
    let outMax = 0;
    let sentBytes = 0;
    const flow: Flow = async ({ sink }) => {
      for (let index = 0; index < 7; index += 1) {
        await sink(chunk);
        sentBytes += chunk.length;
        outMax = Math.max(outMax, frames.outBytes);
      }
    };
    const body = () => receive({ blobs: slowBlobs(), frames, source: flow, check: accept, about });
    await Promise.all(Array.from({ length: 200 }, body));
    expect(sentBytes).toBe(200 * 3.5 * MIB);
    expect(outMax).toBeLessThanOrEqual(24 * MIB);
    expect(outMax).toBeGreaterThan(20 * MIB);
    expectFramesBack();
  });
});

describe('a body', () => {
  test('that is small takes a small buffer, and moves to a frame when it goes on', async () => {
    const taken: number[] = [];
    const flow: Flow = async ({ sink }) => {
      for (const sizeBytes of [1000, 60_000, 10_000]) {
        await sink(noise(sizeBytes));
        taken.push(frames.outBytes);
      }
    };
    await receive({ blobs: arrangement.given.blobs, frames, source: flow, check: accept, about });
    expect(taken).toEqual([64 * KIB, 64 * KIB, MIB]);
    expectFramesBack();
  });

  test('that fails while it waits for a frame leaves the line', async () => {
    frames = new FramePool({ bytesMax: MIB });
    const other = await frames.take(MIB);
    const flow: Flow = ({ sink }) => {
      void sink(noise(MIB))?.catch(() => undefined);
      return Promise.reject(new Error('the client went away'));
    };
    const receiving = receive({ blobs: slowBlobs(), frames, source: flow, check: accept, about });
    await expect(receiving).rejects.toThrow('the client went away');
    frames.give(other);
    expectFramesBack();
    expect(frames.tryTake(MIB)).toBe(other);
  });

  test('that stands still is told at once that the disk has failed', async () => {
    const blobs = storeOf({
      write: () => Promise.reject(new Error('no space left')),
      end: () => Promise.reject(new Error('ended')),
      commit: () => Promise.reject(new Error('committed')),
      [Symbol.asyncDispose]: async () => undefined,
    });
    const flow: Flow = async ({ sink, signal }) => {
      const aborted = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      await sink(noise(MIB));
      await aborted;
    };
    const receiving = receive({ blobs, frames, source: flow, check: accept, about });
    await expect(receiving).rejects.toThrow('no space left');
    expectFramesBack();
  });
});

function storeOf(writer: BlobWriter): BlobStore {
  return { put: async () => writer } as unknown as BlobStore;
}
