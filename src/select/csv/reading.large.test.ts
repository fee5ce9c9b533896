import { describe, expect, test } from 'vitest';
import { columnsOf, type SelectionCase, select } from '../../../test/support/selections.ts';
import { limits, MIB } from '../../model/limits.ts';
import { SCAN_BYTES } from './scanner.ts';
import { plainSieve } from './sieve.ts';
import { WINDOW_BYTES } from './window.ts';

/** Too long for chunks of one byte. */
const WIDE_FEEDINGS = [
  { room: MIB, sieve: plainSieve({ sizeBytes: SCAN_BYTES, searchedBytes: WINDOW_BYTES }) },
  { chunks: [65_521, 4099], room: 300_000 },
];

describe('limits', () => {
  const faults = (tried: SelectionCase): unknown[] =>
    WIDE_FEEDINGS.map((feeding) => select(tried, feeding).fault?.code ?? 'none');
  const max = limits.selectRecordBytesMax;

  test.each([
    ['a record of the greatest size is read', `${'a'.repeat(max)}\n`, 'none'],
    ['also without a delimiter', 'a'.repeat(max), 'none'],
    ['one byte more is refused', `${'a'.repeat(max + 1)}\n`, 'OverMaxRecordSize'],
    ['also without a delimiter', 'a'.repeat(max + 1), 'OverMaxRecordSize'],
    ['four MB without a line are refused', 'a'.repeat(4 * MIB), 'OverMaxRecordSize'],
    ['a quote that is not closed is refused', `"${'a\n'.repeat(2 * MIB)}`, 'OverMaxRecordSize'],
    ['text behind a closing quote that is too far', `"${'a'.repeat(max)}"b`, 'OverMaxRecordSize'],
    ['a comment that is too long', `#${'a'.repeat(max)}\nb\n`, 'OverMaxRecordSize'],
    ['as many columns as there may be', ','.repeat(limits.selectColumnsMax - 1), 'none'],
    ['one more', ','.repeat(limits.selectColumnsMax), 'OverMaxColumn'],
  ])('%s', (_, archive, code) => {
    const input = { comments: '#' };
    expect(faults({ archive, input, plan: columnsOf(0) })).toEqual(WIDE_FEEDINGS.map(() => code));
  });

  test('columns are counted where all are looked at', () => {
    const archive = ','.repeat(limits.selectColumnsMax);
    expect(faults({ archive })).toEqual(WIDE_FEEDINGS.map(() => 'OverMaxColumn'));
    expect(faults({ archive: archive.slice(1) })).toEqual(WIDE_FEEDINGS.map(() => 'none'));
  });

  test('a long record among others', () => {
    const long = 'é,"b\n'.repeat(20_000);
    const archive = `a\n${'x,y\n'.repeat(50_000)}"${long.replaceAll('"', '""')}",z\nc\n`;
    for (const feeding of WIDE_FEEDINGS) expect(select({ archive }, feeding).text).toBe(archive);
  });

  test('the work for a record that comes byte by byte is that of a few looks at it', () => {
    let looked = 0;
    const plain = plainSieve({ sizeBytes: SCAN_BYTES, searchedBytes: WINDOW_BYTES });
    const sift = (end: number): number => {
      looked += end;
      return plain.sift(end);
    };
    const archive = `"${'a\n'.repeat(20_000)}"\n`;
    expect(select({ archive }, { chunks: [1], sieve: { ...plain, sift } }).text).toBe(archive);
    expect(looked).toBeLessThan(4 * archive.length);
  });
});
