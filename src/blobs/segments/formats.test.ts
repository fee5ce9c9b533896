import { hash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ABOUT } from '../../../test/support/blob-fixtures.ts';
import { formatHoles, HOLE_BYTES, type Holes, parseHoles } from './holes-format.ts';
import { isStoredWhole } from './read-record.ts';
import { aboutOf, makeRecord, parseHead, placeRecord } from './record-format.ts';
import { drawRandom, formatSegmentBlobId, parseSegmentBlobId, readBytesOf } from './segment-blob-id.ts';
import { formatMap, formatSegmentHead, mapOf, parseMap, parseSegmentHead, placeIn } from './segment-format.ts';

const nonce = randomBytes(8);
const stored = randomBytes(100);
const leaf = hash('sha256', stored, 'buffer');

function recordBytes(): Buffer {
  const record = makeRecord({ stored, leaf, about: ABOUT, seal: null, writtenAtMs: 1_700_000_000_000 });
  placeRecord(record, { segment: 7, offset: 4096, nonce });
  return Buffer.concat([record.head, record.stored], record.recordBytes);
}

const isWhole = (bytes: Buffer): boolean => {
  const head = parseHead(bytes);
  return head !== undefined && bytes.length >= head.headBytes + head.storedBytes && isStoredWhole(bytes, head);
};

test('a record says what was stored', () => {
  const bytes = recordBytes();
  const head = parseHead(bytes);
  expect(head).toMatchObject({
    segment: 7,
    offset: 4096,
    storedBytes: 100,
    writtenAtMs: 1_700_000_000_000,
    seal: null,
  });
  expect(head?.leaf).toEqual(leaf);
  expect(head && aboutOf(bytes, head)).toEqual(ABOUT);
});

test('a change of any byte of a record is found, and so is a record that ends too early', () => {
  const bytes = recordBytes();
  const head = parseHead(bytes);
  const end = (head?.headBytes ?? 0) + 100;
  for (let at = 0; at < end; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    expect(isWhole(changed), `byte ${at}`).toBe(false);
    expect(isWhole(bytes.subarray(0, at)), `${at} bytes`).toBe(false);
  }
  expect(isWhole(bytes)).toBe(true);
});

test('a blob id says where the record is and how much to read', () => {
  fc.assert(
    fc.property(
      fc.nat(0xffffffff),
      fc.nat(0xffffffff),
      fc.integer({ min: 1, max: 1_100_000 }),
      (segment, offset, bytes) => {
        const random = drawRandom(bytes);
        const place = parseSegmentBlobId(formatSegmentBlobId({ segment, offset, random }));
        expect(place).toEqual({ segment, offset, random });
        expect(readBytesOf(random)).toBeGreaterThanOrEqual(bytes);
        expect(readBytesOf(random)).toBeLessThan(Math.max(513, 2 * bytes));
      },
    ),
  );
});

test('the head of a segment survives the loss of one of its copies', () => {
  const head = { form: 'packed' as const, number: 9, nonce };
  const block = formatSegmentHead(head);
  expect(parseSegmentHead(block)).toEqual(head);
  block.fill(0, 0, 512);
  expect(parseSegmentHead(block)).toEqual(head);
  block.fill(0, 2048, 2560);
  expect(parseSegmentHead(block)).toBeUndefined();
});

test('a map finds every place, and no other; a change of it is found', () => {
  const entries = Array.from({ length: 100 }, (_, index): [number, number] => [index * 16, index * 8 + 4096]);
  const bytes = formatMap({ number: 3, map: mapOf(entries.toReversed()), mapAt: 8192 });
  const map = parseMap(bytes, 3) ?? new Uint32Array();
  for (const [offset, place] of entries) expect(placeIn(map, offset)).toBe(place);
  for (const offset of [1, 15, 1600, 5000]) expect(placeIn(map, offset)).toBeUndefined();
  expect(parseMap(bytes, 4)).toBeUndefined();
  for (let at = 0; at < bytes.length - 12; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(parseMap(changed, 3), `byte ${at}`).toBeUndefined();
  }
});

test('holes that were written in part, changed, or are those of another segment, are none', () => {
  const holes = [1, 2, 3].map((offset) => ({ offset, random: randomBytes(8) }));
  const bytes = formatHoles(5, holes);
  const read = (from: Buffer, segment = 5): Holes => {
    const found: Holes = new Map();
    parseHoles(from, segment, found);
    return found;
  };
  expect([...read(bytes).keys()]).toEqual([1, 2, 3]);
  expect([...read(bytes.subarray(0, 3 * HOLE_BYTES - 1)).keys()]).toEqual([1, 2]);
  expect(read(bytes, 6).size).toBe(0);
  expect(read(Buffer.alloc(64)).size).toBe(0);
  for (let at = 0; at < HOLE_BYTES; at += 1) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect([...read(changed).keys()]).toEqual([2, 3]);
  }
});
