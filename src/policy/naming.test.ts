import fc from 'fast-check';
import { expect, test } from 'vitest';
import { namingOf } from './naming.ts';

const ARN = 'arn:aws:iam::111122223333:user/b+o=b.k@x';
const names = namingOf(ARN);

test('S-51 an ARN is found however it is spelt', () => {
  const spelt = fc.array(fc.constantFrom('as it is', 'lower', 'upper', 'short'), { minLength: 40, maxLength: 40 });
  fc.assert(
    fc.property(spelt, fc.json(), (ways, other) => {
      const text = Array.from(ARN, (character, index) => {
        const digits = character.charCodeAt(0).toString(16).padStart(4, '0');
        if (ways[index] === 'lower') return `\\u${digits}`;
        if (ways[index] === 'upper') return `\\u${digits.toUpperCase()}`;
        return ways[index] === 'short' && character === '/' ? '\\/' : character;
      }).join('');
      expect(JSON.parse(`"${text}"`)).toBe(ARN);
      expect(names(`{"Other":${other},"AWS":["x","${text}"]}`)).toBe(true);
    }),
  );
});

test.each([
  ['a longer name', `"${ARN}y"`],
  ['another case', `"${ARN.replace('user/b', 'user/B')}"`],
  ['another account', `"${ARN.replace('3333', '3334')}"`],
  ['a character that a pattern would let pass', `"${ARN.replace('.', '-')}"`],
])('%s is not found', (_, text) => {
  expect(names(text)).toBe(false);
});

test.each([
  ['behind an escaped backslash', `"\\\\${ARN}"`],
  ['in what is no JSON', `{{ ${ARN}`],
  ['at the end of a damaged text', ARN],
])('%s it is found', (_, text) => {
  expect(names(text)).toBe(true);
});
