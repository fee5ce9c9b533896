import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { ABOUT } from '../../test/support/blob-fixtures.ts';
import { KIB, MIB } from '../model/limits.ts';
import { SegmentReader } from './segment-reader.ts';

/** As the store reads: bytes and hash lie in the memory of one record. */
function segmentsWith(sizeBytes: number, onRead: (record: Buffer) => void = () => undefined) {
  const read = async () => {
    const record = Buffer.allocUnsafeSlow(512 * KIB).fill(7);
    onRead(record);
    return { about: ABOUT, leaf: record.subarray(0, 32), bytes: record.subarray(32, 32 + sizeBytes) };
  };
  return { segments: { read }, blobId: 'blob' };
}

test('a reader that has handed out its bytes keeps no memory of them, and reads them again', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const buffers: WeakRef<ArrayBufferLike>[] = [];
  const reading = segmentsWith(100 * KIB, (record) => buffers.push(new WeakRef(record.buffer)));
  await using reader = await SegmentReader.open(reading);
  const into = Buffer.alloc(MIB);
  expect((await reader.readFrame(0, into)).equals(Buffer.alloc(100 * KIB, 7))).toBe(true);
  await turn();
  collect();
  expect(buffers.map((buffer) => buffer.deref())).toEqual([undefined]);
  expect((await reader.readFrame(0, into)).equals(Buffer.alloc(100 * KIB, 7))).toBe(true);
  expect(reader.leaves).toEqual(Buffer.alloc(32, 7));
  await expect(reader.readFrame(1, into)).rejects.toThrow(RangeError);
});

test('of no bytes there is no frame and no leaf', async () => {
  await using reader = await SegmentReader.open(segmentsWith(0));
  expect([reader.sizeBytes, reader.leaves.length]).toEqual([0, 0]);
  await expect(reader.readFrame(0, Buffer.alloc(MIB))).rejects.toThrow('there is no frame 0');
});
