import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tries } from '../../../test/support/tries.ts';
import { Decimal, parseDecimal, printDecimal } from './decimal.ts';
import {
  arithmetic,
  compareNumeric,
  isNumeric,
  type Numeric,
  negate,
  parseInteger,
  parseNumeric,
  toFloat,
} from './numbers.ts';
import { printValue } from './print.ts';

/** A number as SQL writes it: with `e` behind it a float, with a point a decimal, else a whole number. */
function number(text: string): Numeric {
  const value = text.endsWith('e') ? Number(text.slice(0, -1)) : parseNumeric(text);
  if (value === undefined) throw new Error(`no number: ${text}`);
  return value;
}

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

describe('arithmetic', () => {
  test.each([
    ['1', '+', '2', '3'],
    ['1', '/', '2', '0'],
    ['-7', '/', '2', '-3'],
    ['-7', '%', '2', '-1'],
    ['7', '%', '-2', '1'],
    ['9223372036854775806', '+', '1', '9223372036854775807'],
    ['1', '+', '1.50', '2.50'],
    ['1.50', '*', '2.0', '3.000'],
    ['1.50', '-', '1.5', '0.00'],
    ['1', '/', '4.0', '0.25'],
    ['1.0', '/', '2', '0.5'],
    ['1.50', '/', '0.5', '3.0'],
    ['10', '/', '3.0', '3.3333333333333333333333333333333333333'],
    ['-2', '/', '3.0', '-0.66666666666666666666666666666666666667'],
    ['1', '/', '1000.0', '0.001'],
    ['5.5', '%', '2', '1.5'],
    ['-5.5', '%', '2', '-1.5'],
    ['0.0', '/', '7', '0.0'],
    ['99999999999999999999999999999999999999', '+', '1', `1${'0'.repeat(38)}`],
    // From the middle between two to an even digit.
    ['99999999999999999999999999999999999998', '+', '0.5', '99999999999999999999999999999999999998'],
    ['99999999999999999999999999999999999997', '+', '0.5', '99999999999999999999999999999999999998'],
    // So little beyond the middle that it shows in what the division leaves over.
    ['2404.0', '/', '12347', '0.19470316676115655624848141248886369159'],
    ['-2404.0', '/', '12347', '-0.19470316676115655624848141248886369159'],
    ['1e', '/', '3', '0.3333333333333333'],
    ['0.1', '+', '0.2', '0.3'],
    ['0.1e', '+', '0.2', '0.30000000000000004'],
    ['1e', '+', '2', '3'],
    ['7e', '%', '-2.0', '1'],
  ] as const)('%s %s %s is %s', (a, operator, b, expected) => {
    expect(printValue(arithmetic(operator, number(a), number(b)))).toBe(expected);
  });

  test.each([
    [MAX, '+', 1n],
    [MIN, '-', 1n],
    [MAX, '*', 2n],
    [MIN, '/', -1n],
    [1e308, '*', 10],
    [1e308, '*', number('1e6000')],
    [number('1e6000'), '*', number('1e6000')],
    [number('1e-6000'), '/', number('1e6000')],
  ] as const)('%s %s %s overflows', (a, operator, b) => {
    expect(() => arithmetic(operator, a, b)).toThrow(expect.objectContaining({ code: 'IntegerOverflow' }));
  });

  test.each(['/', '%'] as const)('x %s 0 is an error for every kind', (operator) => {
    for (const zero of [0n, 0, -0, number('0.00')]) {
      expect(() => arithmetic(operator, 1n, zero)).toThrow(
        expect.objectContaining({ code: 'EvaluatorInvalidArguments' }),
      );
    }
  });

  test('the lowest whole number has no opposite', () => {
    expect(negate(MAX)).toBe(-MAX);
    expect(printValue(negate(number('1.50')))).toBe('-1.50');
    expect(negate(2.5)).toBe(-2.5);
    expect(() => negate(MIN)).toThrow(expect.objectContaining({ code: 'IntegerOverflow' }));
  });
});

describe('texts', () => {
  test.each([
    ['1', 1n],
    ['+01', 1n],
    [' -12\t', -12n],
    ['0xA', 10n],
    ['-0X0a', -10n],
    ['+0b010', 2n],
    ['9223372036854775807', MAX],
    ['-9223372036854775808', MIN],
    ['', undefined],
    [' ', undefined],
    ['1.5', undefined],
    ['2e10', undefined],
    ['1_000', undefined],
    ['00xA', undefined],
    ['0x', undefined],
    ['+-1', undefined],
    ['1 2', undefined],
    ['١', undefined],
  ])('%j as a whole number is %s', (text, expected) => {
    expect(parseInteger(text)).toBe(expected);
  });

  test('a text that is longer than any number is none', () => {
    expect(parseInteger(`${'0'.repeat(999)}1`)).toBe(1n);
    expect(parseInteger(`${'0'.repeat(1000)}1`)).toBeUndefined();
    expect(parseNumeric(' '.repeat(1000) + 1)).toBeUndefined();
    expect(() => parseInteger('9'.repeat(1000))).toThrow(expect.objectContaining({ code: 'IntegerOverflow' }));
  });

  test.each(['9223372036854775808', '-9223372036854775809', '0xFFFFFFFFFFFFFFFF'])('%s is too large', (text) => {
    expect(() => parseInteger(text)).toThrow(expect.objectContaining({ code: 'IntegerOverflow' }));
  });

  test.each([
    ['5', '5'],
    ['+5', '5'],
    ['007', '7'],
    ['-1.50', '-1.50'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['1e3', '1000'],
    ['1.5E-3', '0.0015'],
    ['9223372036854775808', '9223372036854775808'],
    [' 1.5 ', '1.5'],
    ['', undefined],
    ['.', undefined],
    ['1e', undefined],
    ['0x10', undefined],
    ['nan', undefined],
    ['Infinity', undefined],
    ['1e7000', undefined],
    ['1e-7000', undefined],
    ['1,5', undefined],
  ])('%j by value is %s', (text, expected) => {
    expect(printValue(parseNumeric(text)) ?? undefined).toBe(expected);
  });

  test('a field is a whole number where it can be', () => {
    expect(parseNumeric('12')).toBe(12n);
    expect(parseNumeric('9223372036854775808')).toBeInstanceOf(Decimal);
    expect([1n, 1.5, parseDecimal('1.5')].every(isNumeric)).toBe(true);
    expect(['1', true, null, undefined].some(isNumeric)).toBe(false);
  });
});

/** A fraction with a denominator above zero. */
type Rational = [numerator: bigint, denominator: bigint];

function rational(value: Numeric): Rational {
  if (typeof value === 'bigint') return [value, 1n];
  if (typeof value !== 'number') return scaled(value.coefficient, value.scale);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const raw = bits.getBigUint64(0);
  const exponent = (raw >> 52n) & 0x7ffn;
  const mantissa = (raw & (2n ** 52n - 1n)) + (exponent === 0n ? 0n : 2n ** 52n);
  const power = (exponent === 0n ? 1n : exponent) - 1075n;
  const signed = raw >> 63n === 1n ? -mantissa : mantissa;
  return power < 0n ? [signed, 2n ** -power] : [signed * 2n ** power, 1n];
}

const scaled = (coefficient: bigint, scale: number): Rational =>
  scale < 0 ? [coefficient * 10n ** BigInt(-scale), 1n] : [coefficient, 10n ** BigInt(scale)];

const sign = (value: bigint): number => (value < 0n ? -1 : value > 0n ? 1 : 0);
const absolute = (value: bigint): bigint => (value < 0n ? -value : value);

describe('against rationals', () => {
  const integers = fc.oneof(fc.bigInt({ min: MIN, max: MAX }), fc.bigInt({ min: -20n, max: 20n }));
  const floats = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -40, max: 40 }).map((eighths) => eighths / 8),
  );
  const decimals = fc
    .tuple(
      fc.oneof(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.bigInt({ min: -200n, max: 200n })),
      fc.oneof(fc.integer({ min: -45, max: 45 }), fc.integer({ min: -400, max: 400 })),
    )
    .map(([coefficient, scale]) => new Decimal(coefficient, scale));
  const numbers: fc.Arbitrary<Numeric> = fc.oneof(integers, floats, decimals);

  test('comparing is exact across the kinds, but that of decimals with floats, which is one of floats', () => {
    const beside = (value: Numeric, other: Numeric) => rational(typeof other === 'number' ? toFloatOf(value) : value);
    const toFloatOf = (value: Numeric) => (value instanceof Decimal ? toFloat(value) : value);
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [[an, ad], [bn, bd]] = [beside(a, b), beside(b, a)];
        expect(Math.sign(compareNumeric(a, b))).toBe(sign(an * bd - bn * ad));
      }),
      { numRuns: tries(300) },
    );
    expect(compareNumeric(0.1, number('0.1'))).toBe(0);
    expect(compareNumeric(number('0.10000000000000002'), 0.1)).toBe(1);
    expect(compareNumeric(number('-1e-6000'), number('-1e6000'))).toBeGreaterThan(0);
    expect(compareNumeric(number('1e-6000'), number('1e6000'))).toBeLessThan(0);
    expect(compareNumeric(number('1e100'), number(`1${'0'.repeat(100)}.0`))).toBe(0);
    expect(compareNumeric(2 ** 53, 2n ** 53n + 1n)).toBe(-1);
    expect(compareNumeric(number('0.5000'), 0.5)).toBe(0);
  });

  test('decimals are exact up to 38 digits, and then the nearest, even from the middle', () => {
    fc.assert(
      fc.property(fc.constantFrom('+', '-', '*', '/', '%'), decimals, decimals, (operator, a, b) => {
        if (b.coefficient === 0n && (operator === '/' || operator === '%')) return;
        const [[an, ad], [bn, bd]] = [rational(a), rational(b)];
        const results = {
          '+': [an * bd + bn * ad, ad * bd],
          '-': [an * bd - bn * ad, ad * bd],
          '*': [an * bn, ad * bd],
          '/': [an * bd * BigInt(sign(bn)), ad * absolute(bn)],
          '%': [bn === 0n ? 0n : (an * bd) % (bn * ad), ad * bd],
        } as const;
        const [en, ed] = results[operator];
        const result = arithmetic(operator, a, b) as Decimal;
        const [rn, rd] = rational(result);
        const [unitN, unitD] = scaled(1n, result.scale);
        const off = absolute(rn * ed - en * rd) * 2n * unitD;
        const half = unitN * rd * ed;
        expect(off <= half).toBe(true);
        if (off === half) expect(result.coefficient % 2n).toBe(0n);
        if (off !== 0n) expect(absolute(result.coefficient).toString()).toHaveLength(38);
      }),
      { numRuns: tries(300) },
    );
  });

  test('whole numbers are exact or overflow', () => {
    fc.assert(
      fc.property(fc.constantFrom('+', '-', '*'), integers, integers, (operator, a, b) => {
        const expected = { '+': a + b, '-': a - b, '*': a * b }[operator];
        if (expected >= MIN && expected <= MAX) expect(arithmetic(operator, a, b)).toBe(expected);
        else expect(() => arithmetic(operator, a, b)).toThrow('beyond the range of 64 bits');
      }),
    );
  });

  test('a decimal is read again as it was printed', () => {
    fc.assert(
      fc.property(decimals, ({ coefficient, scale }) => {
        const printed = printDecimal(new Decimal(coefficient, scale));
        const again = parseDecimal(printed);
        expect(again && rational(again)[0] * rational(new Decimal(coefficient, scale))[1]).toBe(
          again && rational(new Decimal(coefficient, scale))[0] * rational(again)[1],
        );
        if (scale >= 0) expect(again).toEqual(new Decimal(coefficient, scale));
      }),
    );
  });
});

test.each([
  [0n, 0, '0'],
  [0n, 2, '0.00'],
  [0n, -3, '0'],
  [5n, 7, '0.0000005'],
  [-5n, 1, '-0.5'],
  [15n, -2, '1500'],
  [1n, 100, `0.${'0'.repeat(99)}1`],
  [1n, 101, '1E-101'],
  [-123n, 200, '-1.23E-198'],
  [15n, -200, '1.5E+201'],
])('%s with scale %s prints as %s', (coefficient, scale, expected) => {
  expect(printDecimal(new Decimal(coefficient, scale))).toBe(expected);
});
