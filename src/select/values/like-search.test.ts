import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ANY_ONE, compileStretch } from './like-search.ts';

interface Search {
  stretch: number[];
  text: number[];
  from: number;
  end: number;
}

/** Tries every place. */
const naive = ({ stretch, text, from, end }: Search): number => {
  for (let at = from; at + stretch.length <= end; at += 1) {
    if (stretch.every((wanted, place) => wanted === ANY_ONE || wanted === text[at + place])) return at;
  }
  return -1;
};

const A = 0x61;
const B = 0x1f469;

/** Over two characters, and a stretch that may well stand in the text, in part at least. */
function searches(holes: number, lengthMax: number): fc.Arbitrary<Search> {
  const character = fc.oneof({ weight: 4, arbitrary: fc.constant(A) }, { weight: 1, arbitrary: fc.constant(B) });
  const marks = fc.oneof({ weight: 5, arbitrary: character }, { weight: holes, arbitrary: fc.constant(ANY_ONE) });
  const bounds = fc.tuple(fc.nat(10), fc.nat(10));
  const planted = fc
    .tuple(
      fc.array(fc.tuple(character, marks), { minLength: 1, maxLength: lengthMax }),
      fc.nat(lengthMax),
      fc.boolean(),
    )
    .chain(([pairs, cut, whole]) => {
      const stretch = pairs.map(([own, mark]) => (mark === ANY_ONE ? ANY_ONE : own));
      const standing = pairs.map(([own]) => own);
      const beginning = standing.slice(0, whole ? 0 : cut);
      return fc
        .tuple(fc.array(character, { maxLength: 12 }), fc.array(character, { maxLength: 12 }), bounds)
        .map(([before, after, [from, short]]): Search => {
          const text = [...before, ...beginning, ...standing, ...after];
          return { stretch, text, from: Math.min(from, text.length), end: Math.max(0, text.length - short) };
        });
    });
  return planted;
}

test.each([
  ['without holes, short', 0, 8],
  ['without holes, long', 0, 200],
  ['with holes, in one word', 2, 20],
  ['with holes, in several words', 2, 128],
])('%s', (_, holes, lengthMax) => {
  fc.assert(
    fc.property(searches(holes, lengthMax), searches(holes, lengthMax), (search, other) => {
      const stretch = compileStretch(search.stretch);
      // Nothing is left of a search in the next one.
      for (const { text, from, end } of [search, other, search]) {
        const expected = naive({ stretch: search.stretch, text, from, end });
        expect(stretch.find(Int32Array.from(text), from, end)).toBe(expected);
      }
    }),
    { numRuns: 300 },
  );
});

test('characters of every plane', () => {
  const stretch = compileStretch([...'é👩_x'].map((mark) => (mark === '_' ? ANY_ONE : (mark.codePointAt(0) ?? 0))));
  const points = Int32Array.from([...'aé👩é👩🏽xé👩🏽x'], (mark) => mark.codePointAt(0) ?? 0);
  expect(stretch.find(points, 0, points.length)).toBe(3);
  expect(stretch.find(points, 4, points.length)).toBe(7);
  expect(stretch.find(points, 4, points.length - 1)).toBe(-1);
});
