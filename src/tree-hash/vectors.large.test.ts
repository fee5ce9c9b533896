import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MIB } from '../model/limits.ts';
import { isMebibyteAligned, isTreeHashAligned } from './alignment.ts';
import { combine } from './nodes.ts';
import { type TreeDigest, TreeHasher } from './tree-hasher.ts';

interface Body {
  name: string;
  repeat?: number;
  hex?: string;
  text?: string;
  counter?: true;
  sizeBytes: number;
  leafCount: number;
  treeHash: string;
}

interface Upload {
  sizeBytes: number;
  partSizeBytes: number;
  partTreeHashes: string[];
  treeHash: string;
}

interface Range {
  startByte: number;
  endByte: number;
  sizeBytes: number;
  mebibyteAligned: boolean;
  treeHashAligned: boolean;
  treeHash?: string;
}

interface Fixture {
  seed: string;
  bodies: Body[];
  uploads: Upload[];
  ranges: Range[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../../test/fixtures/treehash.json', import.meta.url), 'utf8'),
);
const ODD_SIZES_BYTES = [65_537, 1_000_003, 3 * MIB + 7, MIB - 1, MIB + 1];

const stream = counterStream(fixture.seed, Math.max(...fixture.bodies.map((body) => body.sizeBytes)));

/**
 * Every counter body is the start of this one, so the millions of small hashes are made once. What looks roundabout is for
 * speed: Latin-1 text costs a quarter of a Buffer per hash, is written many hashes at a time, and the runner makes each use
 * of an imported name dear.
 */
function counterStream(seed: string, sizeBytes: number): Buffer {
  const sha256 = hash;
  const block = Buffer.concat([Buffer.from(seed), Buffer.alloc(8)]);
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let counter = 0;
  for (let at = 0; at < sizeBytes; at += 2048) {
    let text = '';
    while (text.length < 2048) {
      block.writeUInt32BE(counter, block.length - 4);
      text += sha256('sha256', block, 'binary');
      counter += 1;
    }
    bytes.write(text, at, 'latin1');
  }
  return bytes;
}

function bytesOf(body: Body): Buffer {
  if (body.counter) return stream.subarray(0, body.sizeBytes);
  if (body.hex !== undefined) return Buffer.from(body.hex, 'hex');
  if (body.text !== undefined) return Buffer.from(body.text);
  return Buffer.alloc(body.sizeBytes, body.repeat ?? Number.NaN);
}

function byFrames(bytes: Buffer): TreeDigest {
  const hasher = new TreeHasher();
  for (let at = 0; at < bytes.length; at += MIB) hasher.addLeaf(bytes.subarray(at, at + MIB));
  return hasher.digest();
}

function byChunks(bytes: Buffer, chunkBytes: number): TreeDigest {
  const hasher = new TreeHasher();
  for (let at = 0; at < bytes.length; at += chunkBytes) hasher.update(bytes.subarray(at, at + chunkBytes));
  return hasher.digest();
}

const rootHex = (bytes: Buffer): string => byFrames(bytes).treeHash.toString('hex');

test('the fixture is whole', () => {
  expect([fixture.bodies.length, fixture.uploads.length, fixture.ranges.length]).toEqual([47, 10, 82]);
});

test.each(fixture.bodies.map((body, index) => ({ ...body, index })))('body: $name', ({ index, ...body }) => {
  const bytes = bytesOf(body);
  expect(bytes.length).toBe(body.sizeBytes);
  const framed = byFrames(bytes);
  expect(framed.treeHash.toString('hex')).toBe(body.treeHash);
  expect(framed.leaves.length).toBe(32 * body.leafCount);
  const chunked = byChunks(bytes, ODD_SIZES_BYTES[index % ODD_SIZES_BYTES.length]!);
  expect(chunked.treeHash.toString('hex')).toBe(body.treeHash);
  expect(chunked.leaves.equals(framed.leaves)).toBe(true);
});

test.each(fixture.uploads)('upload: $sizeBytes bytes in parts of $partSizeBytes', (upload) => {
  const roots = upload.partTreeHashes.map((_, index) => {
    const startByte = index * upload.partSizeBytes;
    return rootHex(stream.subarray(startByte, Math.min(startByte + upload.partSizeBytes, upload.sizeBytes)));
  });
  expect(roots).toEqual(upload.partTreeHashes);
  expect(combine(Buffer.from(roots.join(''), 'hex')).toString('hex')).toBe(upload.treeHash);
});

test.each(fixture.ranges)('range: $startByte-$endByte of $sizeBytes', (range) => {
  expect(isMebibyteAligned(range)).toBe(range.mebibyteAligned);
  expect(isTreeHashAligned(range)).toBe(range.treeHashAligned);
  expect(range.treeHash !== undefined).toBe(range.treeHashAligned);
  if (range.treeHash !== undefined) {
    expect(rootHex(stream.subarray(range.startByte, range.endByte + 1))).toBe(range.treeHash);
  }
});
