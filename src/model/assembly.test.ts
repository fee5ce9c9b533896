import { expect, test } from 'vitest';
import { assemblyDigest, formatAssembly, parseAssembly } from './assembly.ts';
import { newBlobId } from './ids.ts';
import { limits, MIB } from './limits.ts';

const partsOf = (count: number, sizeBytes: number) =>
  Array.from({ length: count }, (_, index) => ({
    blobId: index % 2 === 0 ? newBlobId() : `0000abcd.0000${index.toString(16).padStart(4, '0')}.0123456789abcdef`,
    startByte: index * sizeBytes,
    sizeBytes,
    treeHash: index.toString(16).padStart(64, '0'),
  }));

test('a list of parts is read as it was written, however its blobs are named', () => {
  for (const parts of [[], partsOf(1, 5), partsOf(limits.partsMax, limits.partSizeBytesMax)]) {
    expect(parseAssembly(formatAssembly(parts))).toEqual(parts);
  }
});

test('the longest list fits a frame, so that completing an upload writes one', () => {
  expect(formatAssembly(partsOf(limits.partsMax, MIB)).length).toBeLessThanOrEqual(MIB);
});

test('what is no list, of another version, cut off or too long is not read', () => {
  const bytes = formatAssembly(partsOf(3, 7));
  for (let length = 0; length < bytes.length; length += 1) {
    expect(parseAssembly(bytes.subarray(0, length)), `${length} bytes`).toBeUndefined();
  }
  expect(parseAssembly(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeUndefined();
  const newer = Buffer.from(bytes);
  newer[7] = 2;
  expect(parseAssembly(newer)).toBeUndefined();
});

test('lists that differ in anything have different digests', () => {
  const [first, ...others] = partsOf(2, 7);
  const changes = [{ blobId: newBlobId() }, { startByte: 1 }, { sizeBytes: 8 }, { treeHash: 'f'.repeat(64) }];
  const digests = [{}, ...changes].map((change) =>
    assemblyDigest(formatAssembly([{ ...partsOf(1, 7)[0]!, ...first, ...change }, ...others])),
  );
  expect(new Set(digests).size).toBe(digests.length);
});
