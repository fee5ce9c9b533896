import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GIB, MIB } from '../model/limits.ts';
import { isMebibyteAligned, isTreeHashAligned } from './alignment.ts';

/** The spans of all nodes, level by level, in leaves: `first-end`, the end left out. */
function nodeSpans(leafCount: number): Set<string> {
  const spans = new Set<string>();
  let level = Array.from({ length: leafCount }, (_, leaf) => [leaf, leaf + 1] as const);
  for (;;) {
    for (const [first, end] of level) spans.add(`${first}-${end}`);
    if (level.length === 1) return spans;
    const parents = [];
    for (let at = 0; at < level.length; at += 2) {
      parents.push([level[at]![0], (level[at + 1] ?? level[at]!)[1]] as const);
    }
    level = parents;
  }
}

test('aligned is what a node covers, for every range of every small archive', () => {
  for (let leafCount = 1; leafCount <= 40; leafCount += 1) {
    const spans = nodeSpans(leafCount);
    for (const sizeBytes of [leafCount * MIB, leafCount * MIB - 5]) {
      for (let first = 0; first < leafCount; first += 1) {
        for (let end = first + 1; end <= leafCount; end += 1) {
          const range = { startByte: first * MIB, endByte: Math.min(end * MIB, sizeBytes) - 1, sizeBytes };
          if (isTreeHashAligned(range) !== spans.has(`${first}-${end}`)) expect.fail(`${first}-${end} of ${leafCount}`);
        }
      }
    }
  }
});

test('aligned is what a node covers, for random larger archives', () => {
  const leafCounts = fc.integer({ min: 1, max: 5000 });
  fc.assert(
    fc.property(leafCounts, fc.nat(), fc.integer({ min: 0, max: 12 }), (leafCount, position, exponent) => {
      const spans = nodeSpans(leafCount);
      const first = position % leafCount;
      const sizeBytes = leafCount * MIB;
      for (const end of [first + 2 ** exponent, leafCount, first + 1 + (position % 97)]) {
        if (end > leafCount) continue;
        const range = { startByte: first * MIB, endByte: end * MIB - 1, sizeBytes };
        expect(isTreeHashAligned(range)).toBe(spans.has(`${first}-${end}`));
      }
    }),
  );
});

test('archives of 40 TB are within reach', () => {
  const sizeBytes = 10_000 * 4 * GIB;
  const top = 2 ** 25 * MIB;
  expect(isTreeHashAligned({ startByte: 0, endByte: top - 1, sizeBytes })).toBe(true);
  expect(isTreeHashAligned({ startByte: top, endByte: sizeBytes - 1, sizeBytes })).toBe(true);
  expect(isTreeHashAligned({ startByte: 0, endByte: sizeBytes - 1, sizeBytes })).toBe(true);
  expect(isTreeHashAligned({ startByte: MIB, endByte: sizeBytes - 1, sizeBytes })).toBe(false);
  expect(isTreeHashAligned({ startByte: top + MIB, endByte: top + 2 * MIB - 1, sizeBytes })).toBe(true);
});

test.each([
  ['before the archive', -MIB, MIB - 1, 4 * MIB],
  ['backwards', 2 * MIB, MIB - 1, 4 * MIB],
  ['past the end', 0, 5 * MIB - 1, 4 * MIB],
  ['of the empty archive', 0, 0, 0],
  ['of a fraction', 0.5, MIB - 1, 4 * MIB],
  ['starting between two MiB', 1, MIB - 1, 4 * MIB],
  ['ending between two MiB', 0, MIB, 4 * MIB],
])('a range %s is not aligned', (_, startByte, endByte, sizeBytes) => {
  expect(isMebibyteAligned({ startByte, endByte, sizeBytes })).toBe(false);
  expect(isTreeHashAligned({ startByte, endByte, sizeBytes })).toBe(false);
});
