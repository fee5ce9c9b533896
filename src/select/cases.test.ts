import { describe, expect, test } from 'vitest';
import { type SelectCase, selectCases, selectThemes } from '../../test/support/select-cases.ts';
import { selected } from '../../test/support/select-run.ts';
import { checkQuery } from './check.ts';
import { SelectError } from './select-error.ts';

/** What `utcnow` is. */
const NOW_MS = Date.UTC(2026, 10, 27, 12, 30, 15, 250);
/** Archives beyond that are not given a byte at a time, which would take too long; the size of their chunks is odd. */
const BYTEWISE_MAX = 4096;
const CHUNK_BYTES = 4099;

describe.each(selectThemes())('%s', (theme) => {
  test.each(selectCases(theme).map((one) => [one.title, one] as const))('%s', (_, one) => {
    const { archive, expected } = one;
    const refused = refusalOf(one);
    const whole = refused ?? answer(one, archive.length);
    expect(whole).toEqual('result' in expected ? expected.result.toString('latin1') : refusal(expected, whole));
    if (refused === null) expect(answer(one, archive.length > BYTEWISE_MAX ? CHUNK_BYTES : 1)).toEqual(whole);
  });
});

/** With which code the query is refused before anything runs, or null. */
function refusalOf({ query, strict }: SelectCase): string | null {
  try {
    checkQuery(query, { strict });
    return null;
  } catch (error) {
    return codeOf('submit', error);
  }
}

/** The results as bytes in latin1, or with which code the run failed. */
function answer({ query, strict, archive }: SelectCase, chunkBytes: number): string {
  try {
    return selected({ query, strict, nowMs: NOW_MS }, archive, chunkBytes).toString('latin1');
  } catch (error) {
    return codeOf('run', error);
  }
}

function codeOf(when: string, error: unknown): string {
  if (error instanceof SelectError) return `${when}: ${error.code}`;
  throw error;
}

/** The refusal that is expected; where only the beginning of its code is written down, completed by the one that came. */
function refusal({ error, when }: { error: string; when: string }, came: string): string {
  const beginning = `${when}: ${error.replace(/\*$/, '')}`;
  return error.endsWith('*') && came.startsWith(beginning) ? came : beginning;
}
