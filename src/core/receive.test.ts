import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { chunksOf, hashesOf, type TestArrangement, testArrangement } from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import type { BlobStore, BlobWriter } from '../blobs/blob-store.ts';
import { wholeOf } from '../model/byte-range.ts';
import { MIB } from '../model/limits.ts';
import { FramePool } from './frame-pool.ts';
import { readRange } from './outputs.ts';
import { receive } from './receive.ts';

let arrangement: TestArrangement;
beforeAll(async () => {
  arrangement = await testArrangement();
});
afterAll(() => arrangement[Symbol.asyncDispose]());

let frames: FramePool;
let take: MockInstance<FramePool['take']>;
let give: MockInstance<FramePool['give']>;
beforeEach(() => {
  frames = new FramePool();
  take = vi.spyOn(frames, 'take');
  give = vi.spyOn(frames, 'give');
});

/** Every buffer that was taken is back, and none came back twice while it was out. */
function expectFramesBack(): void {
  const taken = take.mock.results.map(({ value }) => value as Buffer);
  const given = give.mock.calls.map(([frame]) => frame);
  expect(given).toHaveLength(taken.length);
  for (const frame of new Set(taken)) {
    expect(given.filter((other) => other === frame)).toHaveLength(taken.filter((other) => other === frame).length);
  }
}

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

test('a slow disk holds the source back: few buffers, whatever the size', async () => {
  let out = 0;
  let outMax = 0;
  take.mockImplementation(() => {
    out += 1;
    outMax = Math.max(out, outMax);
    return Buffer.alloc(MIB);
  });
  give.mockImplementation(() => {
    out -= 1;
  });
  const blobs = storeOf({
    write: () => new Promise((resolve) => setTimeout(resolve, 2)),
    end: async () => ({ sizeBytes: 0, linearHash: '', treeHash: '' }),
    commit: async () => '',
    [Symbol.asyncDispose]: async () => undefined,
  });
  const chunk = noise(MIB);
  async function* source() {
    for (let index = 0; index < 30; index += 1) yield chunk;
  }
  await receive({ blobs, frames, source: source(), check: accept, about });
  expect(outMax).toBeLessThanOrEqual(4);
  expect(out).toBe(0);
});

function storeOf(writer: BlobWriter): BlobStore {
  return { put: async () => writer } as unknown as BlobStore;
}
