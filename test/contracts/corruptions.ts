import fc from 'fast-check';

/** One way in which stored bytes become others. Places are fractions of the length, so that they fit any blob. */
export type Corruption =
  | { kind: 'flip'; at: number; mask: number }
  | { kind: 'truncate'; at: number }
  | { kind: 'grow'; bytes: number }
  | { kind: 'zero page'; at: number }
  | { kind: 'cut out'; at: number; bytes: number }
  | { kind: 'swap' }
  | { kind: 'missing' };

const PAGE_BYTES = 4096;
const FOOTER_BYTES = 64;
const LEAF_BYTES = 32;
const CHECK_BYTES = 4;
const FRAME_BYTES = 1024 * 1024;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const mask = fc.integer({ min: 1, max: 255 });
/** The tables and the footer are a small part of the file, so they get a share of their own. */
const nearEnd = fc.double({ min: 0.98, max: 1, maxExcluded: true, noNaN: true });

export const corruptions: fc.Arbitrary<Corruption> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, mask }),
  fc.record({ kind: fc.constant('flip' as const), at: nearEnd, mask }),
  fc.record({ kind: fc.constant('truncate' as const), at: fc.oneof(place, nearEnd) }),
  fc.record({ kind: fc.constant('grow' as const), bytes: fc.integer({ min: 1, max: 3 * PAGE_BYTES }) }),
  fc.record({ kind: fc.constant('zero page' as const), at: place }),
  fc.record({ kind: fc.constant('cut out' as const), at: place, bytes: fc.integer({ min: 1, max: PAGE_BYTES }) }),
  fc.constant({ kind: 'swap' as const }),
  fc.constant({ kind: 'missing' as const }),
);

/** The stored bytes after the damage, or undefined when none are left. */
export function corrupted(whole: Buffer, corruption: Corruption, { other }: { other: Buffer }): Buffer | undefined {
  const bytes = Buffer.from(whole);
  const at = 'at' in corruption ? Math.floor(corruption.at * bytes.length) : 0;
  switch (corruption.kind) {
    case 'flip':
      bytes[at] = (bytes[at] ?? 0) ^ corruption.mask;
      return bytes;
    case 'truncate':
      return bytes.subarray(0, at);
    case 'grow':
      return Buffer.concat([bytes, Buffer.alloc(corruption.bytes)]);
    case 'zero page': {
      const page = Math.floor(at / PAGE_BYTES) * PAGE_BYTES;
      return bytes.fill(0, page, Math.min(page + PAGE_BYTES, bytes.length));
    }
    case 'cut out':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + corruption.bytes)]);
    case 'swap':
      return other;
    case 'missing':
      return undefined;
  }
}

/** Each part of the file hit once, and each other kind of damage, for a blob of this many bytes. */
export function namedCorruptions(sizeBytes: number): { name: string; corruption: Corruption }[] {
  const frames = Math.ceil(sizeBytes / FRAME_BYTES);
  const checksAt = sizeBytes;
  const leavesAt = checksAt + frames * CHECK_BYTES;
  const footerAt = leavesAt + frames * LEAF_BYTES;
  const total = footerAt + FOOTER_BYTES;
  // Half a byte further, so that rounding comes back to the byte that is meant.
  const atByte = (byte: number): number => (byte + 0.5) / total;
  const flip = (part: string, byte: number) => ({
    name: `a flipped bit in ${part}`,
    corruption: { kind: 'flip', at: atByte(byte), mask: 1 } as const,
  });
  return [
    flip('the first byte', 0),
    flip('the last byte of the data', sizeBytes - 1),
    flip('the checks', checksAt),
    flip('the first leaf', leavesAt),
    flip('the last leaf', footerAt - 1),
    ...Array.from({ length: FOOTER_BYTES }, (_, byte) => flip(`byte ${byte} of the footer`, footerAt + byte)),
    ...[0, 1, FOOTER_BYTES - 1, FOOTER_BYTES, sizeBytes, footerAt, total - 1].map((bytes) => ({
      name: `a file cut to ${bytes} bytes`,
      corruption: { kind: 'truncate', at: atByte(bytes) } as const,
    })),
    ...[1, 36, 64, PAGE_BYTES].map((bytes) => ({
      name: `a file grown by ${bytes} bytes`,
      corruption: { kind: 'grow', bytes } as const,
    })),
    { name: 'a page of zeros', corruption: { kind: 'zero page', at: atByte(PAGE_BYTES) } },
    { name: 'a byte that is left out', corruption: { kind: 'cut out', at: atByte(100), bytes: 1 } },
    { name: 'the file of another blob', corruption: { kind: 'swap' } },
  ];
}
