import { describe, expect, test } from 'vitest';
import { codeOf, planOn, selectOnTexts } from '../../../test/support/select-on-texts.ts';
import { TextRow } from '../../../test/support/text-row.ts';

/** The value of an expression for a record, as it is printed. */
const printed = (expression: string, record: string[] = []): string | undefined =>
  selectOnTexts(`SELECT ${expression} FROM archive`, [record])[0];

const isKept = (condition: string, record: string[]): boolean =>
  selectOnTexts(`SELECT * FROM archive WHERE ${condition}`, [record]).length === 1;

describe('fields', () => {
  test.each([
    // Texts are compared by code points.
    ["_1 >= '41'", ['5'], true],
    ["_1 = 'ab'", ['aB'], false],
    ["_1 < 'b'", ['a'], true],
    ["_1 < '\u{10000}'", ['\uffee'], true],
    ['_1 < _2', ['\uffee', '\u{10000}'], true],
    ["LOWER(_1) < '\u{10000}'", ['\uffee'], true],
    ['_1 < _2', ['10', '9'], true],
    ["_1 = ''", [''], true],
    ['_1 IS NULL', [''], false],
    // A field is a number beside a number.
    ['_1 > 9', ['10'], true],
    ['9 < _1', ['10'], true],
    ['_1 = 1.0', ['1'], true],
    ['_1 = 1', ['1.000000000000000000000'], true],
    ['_1 <> 1', ['1e0'], false],
    ['_1 = 9007199254740993', ['9007199254740992'], false],
    ['_1 BETWEEN 5 AND 10.5', ['10.5'], true],
    ['_1 IN (1, 2.50)', ['2.5'], true],
    ['_1 + 1 = 3', ['2'], true],
    // A truth beside a truth, a time beside a time.
    ['_1 = TRUE', ['True'], true],
    ['_1', ['true'], true],
    ['NOT _1', ['false'], true],
    ['_1 AND _2', ['true', 'false'], false],
    ['_1 < `2010-06T`', ['2010-01-01'], true],
    ['_1 = `TRUE`', ['TRUE'], true],
    // What the query made a text is nothing else.
    ["'5' = 5", [], false],
    ["'5' <> 5", [], true],
    ['TRIM(_1) = 5', ['5'], false],
    ['CAST(_1 AS STRING) > 4', ['5'], false],
    ["NULLIF(_1, 'x') > 5", ['10'], true],
    ["COALESCE(_1, 'x') > 5", ['10'], true],
    ["CASE WHEN _2 = 'a' THEN _1 ELSE LOWER(_1) END > 5", ['10', 'b'], true],
    ['CASE _1 WHEN 1 THEN TRUE ELSE FALSE END', ['1.0'], true],
    ['CAST(_1 AS FLOAT) = 9.99 AND 9.99 >= CAST(_1 AS FLOAT)', ['9.99'], true],
    ['CAST(_1 AS FLOAT) = 0.00001', ['0.00001'], true],
  ])('%s of %j: %s', (condition, record, kept) => {
    expect(isKept(condition, record)).toBe(kept);
  });

  test.each([
    ['_1 > 5', ['']],
    ['_1 > 5', ['x']],
    ['_1 IN (1, 2)', ['']],
    ['_1 IN (1, _1)', ['x']],
    ['_1 BETWEEN 1 AND 2', ['x']],
    ['_1 + 1 > 0', ['x']],
    ['-_1 > 0', ['x']],
    ['_1 = TRUE', ['yes']],
    ['_1', ['1']],
    ['_1 > UTCNOW()', ['today']],
    ['EXTRACT(YEAR FROM _1) > 0', ['x']],
    ['NULLIF(_1, 1) IS NULL', ['x']],
    ['CAST(_1 AS INT) > 990', ['1.5']],
  ])('%s of %j fails the query', (condition, record) => {
    expect(codeOf(() => isKept(condition, record))).toBe('CastFailed');
  });
});

describe('what is missing', () => {
  test.each([
    ['_2 IS MISSING', true],
    ['_2 IS NULL', true],
    ['_2 IS NOT NULL', false],
    ['_1 IS MISSING', false],
    ['NULL IS MISSING', false],
    ['(_2 = 1) IS MISSING', true],
    ['(NULL = 1) IS MISSING', false],
    ['(_2 + NULL) IS MISSING', true],
    ['LOWER(_2) IS MISSING', true],
    ['CAST(_2 AS INT) IS MISSING', true],
    ['COALESCE(_2, NULL) IS MISSING', false],
    ["_2 = ''", false],
    ["_2 <> ''", false],
    ["NOT (_2 = '')", false],
    ["NOT (_2 <> '')", false],
    ["_2 < 'a'", false],
    ["NOT (_2 < 'a')", false],
    ['_2 > 5', false],
    ['NOT (_2 > 5)', false],
    ["_2 LIKE '%'", false],
    ["_2 NOT LIKE '%'", false],
    ["_2 IN ('a')", false],
    ["_2 NOT IN ('a')", false],
    ["_2 NOT IN ('a', 'b', 'c', 'd', 'e')", false],
    ['_2 NOT IN (1)', false],
    ["_2 NOT BETWEEN 'a' AND 'b'", false],
    ['_2 NOT BETWEEN 1 AND 2', false],
    ["_1 NOT IN ('b', NULL)", false],
    ["_1 IN ('a', NULL)", true],
    ["'a' NOT IN ('b', NULL)", false],
    ["_1 NOT BETWEEN NULL AND 'A'", true],
    ["_1 BETWEEN NULL AND 'z'", false],
    ['NULL OR TRUE', true],
    ["NULL OR _1 = 'a'", true],
    ["_2 = '' OR _1 = 'a'", true],
    ["NOT (_2 = '' AND _1 = 'a')", false],
    ["NOT (_2 = '' AND _1 = 'b')", true],
    ['_1 = NULL', false],
    ['NULL = NULL', false],
    ['NOT NULL', false],
  ])('%s of a short record: %s', (condition, kept) => {
    expect(isKept(condition, ['a'])).toBe(kept);
  });
});

describe('values', () => {
  test.each([
    ["NULLIF(1, '1')", '1'],
    ['NULLIF(1.0, 1)', ''],
    ['COALESCE(MISSING, NULL, 3, 4)', '3'],
    ['COALESCE(MISSING)', ''],
    ['1 < 2 = true', 'true'],
    ["_1 = 'a'", 'true'],
    ["_9 = 'a'", ''],
    ["_1 LIKE 'A'", 'false'],
    ["_1 || '-' || _2", 'a-7'],
    ['_2 * 2 + 1', '15'],
    ['1 + 2 * 3 - 4 / 2', '5'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['- 5 + +6', '1'],
    ['+_2', '7'],
    ['1.50 + 1', '2.50'],
    ['CAST(_2 AS FLOAT) / 2', '3.5'],
    ['CHAR_LENGTH(_1)', '1'],
    ["CHARACTER_LENGTH('\u{1f469}\u{1f3fd}')", '2'],
    ['UPPER(_1)', 'A'],
    ["SUBSTRING('abcdef' FROM 2 FOR 3)", 'bcd'],
    ["SUBSTRING('abcdef', _2 - 3)", 'def'],
    ["SUBSTRING('abcdef', NULL)", ''],
    ["TRIM('  x ')", 'x'],
    ["TRIM(LEADING '12' FROM '1112211foobar22211122')", 'foobar22211122'],
    ['TO_STRING(UTCNOW(), \'yyyy-MM-dd"T"\')'.replaceAll('"', "''"), '2026-11-27T'],
    ['UTCNOW()', '2026-11-27T12:30:15.250Z'],
    ["EXTRACT(MONTH FROM TO_TIMESTAMP('2010-05T'))", '5'],
    ['DATE_ADD(month, 1, `2010T`)', '2010-02T'],
    ['DATE_DIFF(day, `2010-01-01T23:00Z`, `2010-01-02T01:00Z`)', '0'],
    ['DATE_ADD(day, _2, `2010-01-01`)', '2010-01-08'],
    ["CASE WHEN _2 > 5 THEN 'large' ELSE 'small' END", 'large'],
    ["CASE _1 WHEN 'b' THEN 1 WHEN 'a' THEN 2 END", '2'],
    ["CASE WHEN _9 = '' THEN 1 END", ''],
    ['CASE NULL WHEN NULL THEN 1 ELSE 2 END', '2'],
    ['`null`', ''],
  ])('%s: %s', (expression, value) => {
    expect(printed(expression, ['a', '7'])).toBe(value);
  });

  test('a bare column is a field of the record, and not a value', () => {
    const { output, columnsRead } = planOn(new TextRow(), 'SELECT _3, _1 AS a, _2 || _2 FROM archive');
    expect(output).toEqual({ kind: 'columns', columns: [{ field: 2 }, { field: 0 }, { value: expect.any(Function) }] });
    expect(columnsRead).toBe(3);
  });

  test('a plan says what is read, and how much is written', () => {
    expect(planOn(new TextRow(), 'SELECT 1 FROM archive LIMIT 5')).toMatchObject({
      columnsRead: 0,
      keeps: null,
      limit: 5n,
    });
    expect(planOn(new TextRow(), 'SELECT COUNT(*) FROM archive').columnsRead).toBe(0);
    expect(planOn(new TextRow(), 'SELECT * FROM archive')).toMatchObject({ output: { kind: 'record' }, limit: null });
    expect(planOn(new TextRow(), 'SELECT _1 FROM archive WHERE _7 = _2').columnsRead).toBe(7);
    expect(planOn(new TextRow(), 'SELECT _1 FROM archive WHERE 1 = 1').keeps).toBeNull();
  });

  test('a text that is longer than any record is refused while it is made', () => {
    const long = 'x'.repeat(600_000);
    expect(codeOf(() => printed('CHAR_LENGTH(_1 || _1)', [long]))).toBe('OverMaxRecordSize');
  });
});

describe('conditions', () => {
  test('the terms are looked at from left to right, as far as it takes', () => {
    expect(isKept("_1 <> '' AND _1 > 5", [''])).toBe(false);
    expect(isKept("_1 = '' OR _1 > 5", [''])).toBe(true);
    expect(printed("_1 <> '' AND _1 > 5", [''])).toBe('false');
    expect(printed("_1 = '' OR _1 > 5 OR _1 = 'y' OR _1 = 'z'", [''])).toBe('true');
    expect(isKept("NOT (_1 = '' OR _1 > 5)", [''])).toBe(false);
    expect(isKept("_1 <> '' AND _1 <> 'x' AND _1 <> 'y' AND _1 > 5", [''])).toBe(false);
    expect(codeOf(() => isKept("_1 > 5 AND _1 <> ''", ['']))).toBe('CastFailed');
  });

  test('a field is told by its bytes where it is compared with constants', () => {
    const row = new TextRow();
    const { keeps } = planOn(
      row,
      `SELECT * FROM archive WHERE _1 = 'Oslo' AND _2 LIKE 'user1%' AND _2 NOT LIKE '%x%' AND _2 LIKE '%7'
       AND _3 > 990 AND CAST(_3 AS INT) > 990 AND CAST(_3 AS FLOAT) <= 1000.5 AND CAST(_3 AS DECIMAL) <> 3
       AND _3 BETWEEN 1 AND 1e3 AND _1 BETWEEN 'N' AND 'P' AND _1 IN ('Rome', 'Oslo') AND _3 NOT IN (1, 2.5)
       AND _4 IS MISSING AND CAST(_3 AS INT) * 2 + CAST(_3 AS FLOAT) > 100`,
    );
    row.fields = ['Oslo', 'user17', '999'];
    expect(keeps?.()).toBe(true);
    expect(row.texts).toBe(0);
  });
});
