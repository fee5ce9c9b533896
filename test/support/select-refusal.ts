import { expect } from 'vitest';
import { SelectError } from '../../src/select/select-error.ts';
import { parseStatement } from '../../src/select/sql/parse.ts';

/** What is said of a text that is no query, to the word: people mend their queries by it. */
export function refuses(text: string, code: string, message: string): void {
  let refusal: unknown;
  try {
    parseStatement(text, { strict: false });
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(SelectError);
  expect(refusal).toMatchObject({ code, message });
}
