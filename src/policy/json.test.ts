import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tries } from '../../test/support/tries.ts';
import { type JsonValue, parseJson } from './json.ts';

function plain(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
}

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.nat(2), (value, spaces) => {
      const text = JSON.stringify(value, undefined, spaces);
      if (text.isWellFormed()) expect(plain(parseJson(text))).toEqual(JSON.parse(text));
    }),
  );
});

test('reads nothing that JSON.parse does not', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"',
    '\\',
    '1',
    '-',
    '.',
    'e',
    '0',
    'true',
    'null',
    ' ',
    '\n',
    'x',
  ];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (found) => {
      const text = found.join('');
      try {
        parseJson(text);
      } catch {
        return;
      }
      expect(() => JSON.parse(text)).not.toThrow();
    }),
    { numRuns: tries(1500) },
  );
});

describe('S-55 the reader', () => {
  test.each([
    ['a byte order mark', '\ufeff{}', 'Line 1, column 1: a byte order mark is not allowed.'],
    ['NaN', '{"a": NaN}', 'Line 1, column 7: expected a value, found N.'],
    ['Infinity', '[-Infinity]', 'Line 1, column 2: expected a value, found -.'],
    ['a number beyond all numbers', '[1e400]', 'Line 1, column 2: the number 1e400 is too large.'],
    ['a number beyond exact ones', '[12345678901234567890]', 'must stand in quotes to be kept as it is.'],
    [
      'a number with a zero too many',
      '[1.0]',
      'Line 1, column 2: the number 1.0 must stand in quotes to be kept as it is.',
    ],
    ['a number with an exponent', '[1e3]', 'must stand in quotes'],
    ['a negative zero', '[-0]', 'must stand in quotes'],
    ['a repeated member', '{"a": 1,\n "a": 2}', 'Line 2, column 2: the member a appears twice.'],
    ['one repeated by an escape', '{"a": 1, "\\u0061": 2}', 'Line 1, column 10: the member a appears twice.'],
    ['a comment', '{} // x', 'Line 1, column 4: the document should end here, but / follows.'],
    ['a second document', '{}{}', 'Line 1, column 3: the document should end here, but { follows.'],
    ['a trailing comma', '[1,]', 'Line 1, column 4: expected a value, found ].'],
    ['single quotes', "{'a': 1}", "Line 1, column 2: expected a member name in quotes, found '."],
    ['a missing colon', '{"a" 1}', 'Line 1, column 6: expected a colon after a, found 1.'],
    ['a missing comma', '{"a": 1 "b": 2}', 'Line 1, column 9: expected a comma or }, found ".'],
    ['a missing bracket', '[1', 'Line 1, column 3: expected a comma or ], found the end of the document.'],
    ['an open string', '["a', 'Line 1, column 2: a string begins here and does not end.'],
    ['an open escape', '["a\\', 'Line 1, column 2: a string begins here and does not end.'],
    ['an empty document', '', 'Line 1, column 1: expected a value, found the end of the document.'],
    ['a control character', '"a\tb"', /half a character/],
    ['half a character', '"\\ud800"', /half a character/],
    ['a leading zero', '[01]', 'Line 1, column 3: expected a comma or ], found 1.'],
    ['a space of another alphabet', '\u00a0{}', /expected a value/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseJson(text)).toThrow(message);
  });

  test.each(['[', '{"a":', '[{"a":'])('refuses a million of %s without growing the stack', (opening) => {
    expect(() => parseJson(opening.repeat(1_000_000))).toThrow('nested deeper than 32 levels.');
  });

  test('gives __proto__ no meaning', () => {
    const value = parseJson('{"__proto__": {"Effect": "Allow"}, "constructor": 1}') as Map<string, JsonValue>;
    expect([...value.keys()]).toEqual(['__proto__', 'constructor']);
    expect(value.get('Effect')).toBeUndefined();
    expect(({} as Record<string, unknown>).Effect).toBeUndefined();
  });
});
