import { describe, expect, test } from 'vitest';
import { parseStatement } from './parse.ts';

/** S-81: whatever the text, the answer is a tree that is not deep, or an error; never a stack that overflows. */
const parsed = (text: string) => parseStatement(text, { strict: false });
const where = (text: string) => parsed(`SELECT * FROM archive WHERE ${text}`).where;

describe('S-81 nesting', () => {
  const nested = (depth: number): [string, string][] => [
    ['parentheses', `${'('.repeat(depth)}a${')'.repeat(depth)}`],
    ['NOT', `${'NOT '.repeat(depth - 1)}a`],
    ['minus', `${'- '.repeat(depth - 1)}a`],
    ['calls', `${'LOWER('.repeat(depth - 1)}a${')'.repeat(depth - 1)}`],
    ['CASE', `${'CASE WHEN '.repeat(depth - 1)}a${' THEN a END'.repeat(depth - 1)}`],
    ['IN', `${'a IN ('.repeat(depth - 1)}a${')'.repeat(depth - 1)}`],
    ['sums in parentheses', `${'1+('.repeat(depth - 1)}a${')'.repeat(depth - 1)}`],
    ['comparisons of comparisons', `a${' = a'.repeat(depth - 1)}`],
    ['IS of IS', `a${' IS NULL'.repeat(depth - 1)}`],
  ];

  test.each(nested(200))('of 200 %s is read', (_, text) => {
    expect(where(text)).not.toBeNull();
  });

  test.each(nested(201))('of 201 %s is refused', (_, text) => {
    expect(() => where(text)).toThrow(/^nested deeper than 200 levels at line 1, column \d+$/);
  });

  test.each(nested(6000))('of thousands of %s is refused', (_, text) => {
    expect(() => where(text)).toThrow(/^nested deeper/);
  });

  test('that never ends is refused', () => {
    for (const piece of ['(', 'NOT ', '- ', 'a=(', 'a=(1 OR 1 AND 1 < 1 LIKE 1 BETWEEN 1 AND 1 IN (1||1+1*-']) {
      const text = piece.repeat(Math.floor(130_000 / piece.length));
      expect(() => where(text)).toThrow(expect.objectContaining({ code: 'MaxOperatorsExceeded' }));
    }
  });

  test('by nesting and by comparisons together is counted', () => {
    const deep = (count: number): string => (count === 0 ? 'a' : `(${deep(count - 1)})${' = a'.repeat(100)}`);
    expect(where(deep(1))).not.toBeNull();
    expect(() => where(deep(2))).toThrow(/^nested deeper/);
  });
});

describe('S-81 length', () => {
  test.each(['AND', '+'])('chains of %s are one level', (operator) => {
    const chain = where(`a${` ${operator} a`.repeat(20_000)}`);
    const links = chain?.kind === 'logic' ? chain.operands.length - 1 : chain?.kind === 'chain' ? chain.rest.length : 0;
    expect(links).toBe(20_000);
  });

  test('lists are one level', () => {
    expect(where(`a IN (1${', 1'.repeat(20_000)})`)).toMatchObject({ choices: { length: 20_001 } });
    expect(parsed(`SELECT a${', a'.repeat(5000)} FROM archive`).items).toHaveLength(5001);
    expect(where(`CASE${' WHEN a THEN a'.repeat(5000)} END`)).toMatchObject({ branches: { length: 5000 } });
  });

  test('is at most 128 KiB, of bytes', () => {
    const [before, after] = ["SELECT '", "' FROM archive"];
    const room = 128 * 1024 - before.length - after.length;
    expect(parsed(before + 'a'.repeat(room) + after).items).toHaveLength(1);
    expect(parsed(`${before}${'é'.repeat(room / 2)}${after}`).items).toHaveLength(1);
    for (const wrong of [
      before + 'a'.repeat(room + 1) + after,
      before + 'é'.repeat(room / 2 + 1) + after,
      '('.repeat(1e6),
    ]) {
      expect(() => parsed(wrong)).toThrow(
        expect.objectContaining({ code: 'ExpressionTooLong', message: 'the expression is longer than 131072 bytes' }),
      );
    }
  });
});
