import fc from 'fast-check';

const SURROGATES_FROM = 0xd800;
const SURROGATES = 0x800;
const POINT_MAX = 0x10ffff;

/** Any character there may be. fast-check's own `binary` unit lists them all first, which takes seconds. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: POINT_MAX - SURROGATES })
  .map((number) => String.fromCodePoint(number < SURROGATES_FROM ? number : number + SURROGATES));

/** Any text that has a form in UTF-8. */
export const anyText = (lengths: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> =>
  fc.string({ unit: anyCharacter, ...lengths });
