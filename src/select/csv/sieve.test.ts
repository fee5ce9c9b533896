import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainSieve, type Sieve } from './sieve.ts';
import { sieveFor, vectorSieve } from './vector-sieve.ts';

const SIZE_BYTES = 1000;
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

function found(sieve: Sieve, bytes: Uint8Array, end = bytes.length): number[] {
  sieve.bytes.set(bytes);
  return Array.from(sieve.positions.subarray(0, sieve.sift(end)));
}

const OPTIONS = { sizeBytes: SIZE_BYTES, searchedBytes: SIZE_BYTES };
const seeking = (sieve: Sieve, characters: string): Sieve => {
  sieve.seek(characters);
  return sieve;
};

test.each([plainSieve, vectorSieve])('%o finds a character among all bytes', (sieveOf) => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const sieve = sieveOf(OPTIONS);
  expect(found(sieve, all)).toEqual([]);
  for (const character of ASCII) expect(found(seeking(sieve, character), all)).toEqual([character.charCodeAt(0)]);
  expect(found(seeking(sieve, ASCII.join('')), all)).toEqual(Array.from(all.subarray(0, 128)));
  expect(found(seeking(sieve, ''), all)).toEqual([]);
});

test('both find the same', () => {
  const characters = fc.string({ unit: fc.constantFrom(...ASCII), maxLength: 12 });
  const size = fc.integer({ min: 0, max: SIZE_BYTES });
  const [plain, vector] = [plainSieve(OPTIONS), vectorSieve(OPTIONS)];
  fc.assert(
    fc.property(characters, fc.infiniteStream(fc.integer({ min: 0, max: 255 })), size, (set, stream, end) => {
      const bytes = Uint8Array.from(stream.take(SIZE_BYTES));
      // Half of the bytes are of the set, so that all turns have more than one group.
      for (let at = 0; at < bytes.length && set !== ''; at += 2)
        bytes[at] = set.charCodeAt((bytes[at] as number) % set.length);
      expect(found(seeking(vector, set), bytes, end)).toEqual(found(seeking(plain, set), bytes, end));
    }),
    { numRuns: 100 },
  );
});

test('nothing but what is searched, up to the last byte', () => {
  const sieve = seeking(vectorSieve(OPTIONS), 'a');
  const bytes = new Uint8Array(SIZE_BYTES).fill(0x61);
  for (const end of [0, 1, 15, 16, 17, 63, 64, 65, SIZE_BYTES]) expect(found(sieve, bytes, end)).toHaveLength(end);
});

test('where there are no vectors, there still is a sieve', () => {
  const tooLarge = { sizeBytes: 2 ** 33, searchedBytes: 1000 };
  expect(() => vectorSieve(tooLarge)).toThrow();
  expect(found(seeking(sieveFor(OPTIONS), 'a'), Buffer.from('aba'))).toEqual([0, 2]);
});
