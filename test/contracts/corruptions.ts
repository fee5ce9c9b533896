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
const FOOTER_BYTES = 128;
/** Of what is between the data and the footer. */
const FLIPS_IN_TABLES = 20;
const FLIPS_IN_FOOTER = 32;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const mask = fc.integer({ min: 1, max: 255 });
/** The tables and the footer are a small part of the file, so they get a share of their own. */
const nearEnd = fc.double({ min: 0.985, max: 1, maxExcluded: true, noNaN: true });

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

/** Each part of a file hit once, and each other kind of damage, for a blob of so many bytes in a file of so many. */
export function namedCorruptions({
  sizeBytes,
  fileBytes: total,
}: {
  sizeBytes: number;
  fileBytes: number;
}): { name: string; corruption: Corruption }[] {
  const footerAt = total - FOOTER_BYTES;
  // Half a byte further, so that rounding comes back to the byte that is meant.
  const atByte = (byte: number): number => (byte + 0.5) / total;
  const flip = (part: string, byte: number) => ({
    name: `a flipped bit in ${part}`,
    corruption: { kind: 'flip', at: atByte(byte), mask: 1 } as const,
  });
  const places = Array.from({ length: FLIPS_IN_TABLES }, (_, index) =>
    Math.floor(sizeBytes + ((footerAt - sizeBytes) * index) / FLIPS_IN_TABLES),
  );
  return [
    flip('the first byte', 0),
    flip('the last byte of the data', sizeBytes - 1),
    flip('the byte before the footer', footerAt - 1),
    ...[...new Set(places)].map((byte) => flip(`byte ${byte - sizeBytes} after the data`, byte)),
    ...Array.from({ length: FLIPS_IN_FOOTER }, (_, index) => Math.floor((index * FOOTER_BYTES) / FLIPS_IN_FOOTER)).map(
      (byte) => flip(`byte ${byte} of the footer`, footerAt + byte),
    ),
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
