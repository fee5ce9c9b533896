import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { MIB } from '../model/limits.ts';
import { formatAbout, parseAbout } from './about-format.ts';
import { BlobDamagedError } from './blob-store.ts';
import {
  type FileTail,
  FOOTER_BYTES,
  formatTail,
  isFooter,
  layoutOf,
  parseFooter,
  parseTail,
  type TailParts,
} from './file-format.ts';
import { formatSlot, parseSlots, SLOT_BYTES } from './key-slots.ts';
import { WRAPPED_KEY_BYTES } from './master-keys.ts';

const blobId = 'ab'.repeat(16);
const about = {
  kind: 'archive',
  archiveId: 'archive',
  vault: { accountId: '111122223333', name: 'vault', createdAtMs: 1 },
  description: 'a "description"',
  createdAtMs: 2,
} as const;

function partsOf(sizeBytes: number, isSealed: boolean): TailParts {
  const frames = Math.ceil(sizeBytes / MIB);
  return {
    blobId,
    sizeBytes,
    checks: randomBytes(frames * (isSealed ? 16 : 4)),
    leaves: randomBytes(frames * 32),
    about: formatAbout(about),
    linearHash: createHash('sha256').digest(),
    wrappedKey: isSealed ? randomBytes(WRAPPED_KEY_BYTES) : null,
  };
}

function read(
  tail: Buffer,
  { sizeBytes, fileBytes = sizeBytes + tail.length }: { sizeBytes: number; fileBytes?: number },
) {
  const footer = tail.subarray(-FOOTER_BYTES);
  if (!isFooter(footer)) throw new BlobDamagedError(blobId, 'its footer is not one');
  const shape = parseFooter(footer, { blobId, fileBytes });
  if (shape.sizeBytes !== sizeBytes) throw new BlobDamagedError(blobId, 'not the size that was read');
  return parseTail(tail, { blobId, shape });
}

const SIZES = [0, 1, 4096, MIB, MIB + 1, 5.5 * MIB];
const cases = SIZES.flatMap((sizeBytes) => [false, true].map((isSealed) => ({ sizeBytes, isSealed })));

test.each(cases)(
  'the tail of $sizeBytes bytes (sealed: $isSealed) says what was written',
  ({ sizeBytes, isSealed }) => {
    const parts = partsOf(sizeBytes, isSealed);
    const found: FileTail = read(formatTail(parts), { sizeBytes });
    expect(found).toMatchObject({ sizeBytes, about, linearHash: parts.linearHash.toString('hex') });
    expect(found.checks.equals(parts.checks)).toBe(true);
    expect(found.leaves.equals(parts.leaves)).toBe(true);
    expect(found.keys?.keys.map(({ wrapped }) => wrapped) ?? null).toEqual(isSealed ? [parts.wrappedKey] : null);
  },
);

test('the tail and each slot of keys begin on blocks of their own', () => {
  const { tailAt, keysAt } = layoutOf({ sizeBytes: 3 * MIB + 5, aboutBytes: 100, isSealed: true });
  expect([tailAt % 4096, (keysAt ?? 1) % 4096]).toEqual([0, 0]);
});

test.each(cases.slice(2, 4))(
  'no byte of the tail of $sizeBytes ($isSealed) can change unseen',
  ({ sizeBytes, isSealed }) => {
    const tail = formatTail(partsOf(sizeBytes, isSealed));
    for (let at = 0; at < tail.length; at += 1) {
      tail[at] = (tail[at] ?? 0) ^ (1 << (at % 8));
      let seen = false;
      try {
        seen = (read(tail, { sizeBytes }).keys?.broken.length ?? 0) > 0;
      } catch (error) {
        seen = error instanceof BlobDamagedError;
      }
      if (!seen) expect.fail(`byte ${at} of ${tail.length}`);
      tail[at] = (tail[at] ?? 0) ^ (1 << (at % 8));
    }
  },
);

test('a footer that asks for more than the file has is refused before anything is allocated', () => {
  const tail = formatTail(partsOf(10, false));
  const footer = Buffer.from(tail.subarray(-FOOTER_BYTES));
  const fileBytes = 10 + tail.length;
  for (const [offset, value] of [
    [24, 2n ** 63n],
    [32, 2n ** 32n],
    [36, 2n ** 31n],
    [40, 2n ** 50n],
    [48, 4096n],
  ] as const) {
    const changed = Buffer.from(footer);
    changed.writeBigUInt64LE(value, offset);
    expect(() => parseFooter(changed, { blobId, fileBytes })).toThrow('does not fit its footer');
  }
  expect(() => parseFooter(footer, { blobId: 'cd'.repeat(16), fileBytes })).toThrow(`it holds the bytes of ${blobId}`);
});

test('a description of every kind comes back, and one that is too long is refused', () => {
  for (const description of [null, '', '"\\'.repeat(512), 'x'.repeat(1024)]) {
    expect(parseAbout(formatAbout({ ...about, description }))).toEqual({ ...about, description });
  }
  expect(() => formatAbout({ ...about, description: 'x'.repeat(20_000) })).toThrow(RangeError);
  for (const text of ['', '{', 'null', '[]', '{"kind":"archive"}'])
    expect(parseAbout(Buffer.from(text))).toBeUndefined();
});

test('the newer of two keys comes first, and a slot of another blob is broken', () => {
  const [older, newer] = [randomBytes(WRAPPED_KEY_BYTES), randomBytes(WRAPPED_KEY_BYTES)];
  const slots = [
    formatSlot(blobId, { sequence: 7, wrapped: older }),
    formatSlot(blobId, { sequence: 8, wrapped: newer }),
  ];
  expect(parseSlots(blobId, Buffer.concat(slots)).keys).toEqual([
    { place: 1, sequence: 8, wrapped: newer },
    { place: 0, sequence: 7, wrapped: older },
  ]);
  expect(parseSlots('cd'.repeat(16), Buffer.concat(slots))).toEqual({ keys: [], broken: [0, 1] });
  expect(parseSlots(blobId, Buffer.alloc(2 * SLOT_BYTES))).toEqual({ keys: [], broken: [] });
});
