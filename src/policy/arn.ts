import { ANY, compileGlob, type Match } from './glob.ts';
import type { Part } from './template.ts';

/**
 * ARNs: `arn:partition:service:region:account:resource`. A pattern is compared field by field, so that a star in one field
 * never swallows a colon and reaches into the next; only the resource may hold colons itself.
 */
const FIELDS = 6;

export interface Arn {
  text: string;
  /** The six fields; undefined when the text is no ARN. */
  fields: readonly string[] | undefined;
}

export function parseArn(text: string): Arn {
  const fields = text.split(':');
  if (fields.length < FIELDS || fields[0] !== 'arn') return { text, fields: undefined };
  return { text, fields: [...fields.slice(0, FIELDS - 1), fields.slice(FIELDS - 1).join(':')] };
}

/**
 * Cuts a pattern into its six fields. One that ends early in a star covers all that could follow (`arn:aws:glacier:*`);
 * undefined for any other that has fewer.
 */
export function patternFields(parts: readonly Part[]): Part[][] | undefined {
  const fields: Part[][] = [[]];
  for (const part of parts) {
    if (typeof part !== 'string') {
      fields.at(-1)?.push(part);
      continue;
    }
    let rest = part;
    while (fields.length < FIELDS && rest.includes(':')) {
      const colon = rest.indexOf(':');
      if (colon > 0) fields.at(-1)?.push(rest.slice(0, colon));
      fields.push([]);
      rest = rest.slice(colon + 1);
    }
    if (rest !== '') fields.at(-1)?.push(rest);
  }
  if (fields.length === FIELDS) return fields;
  if (fields.at(-1)?.at(-1) !== ANY) return undefined;
  while (fields.length < FIELDS) fields.push([ANY]);
  return fields;
}

/** Whether all of some fields match theirs. */
export function fieldsMatch(matches: readonly Match[], fields: readonly string[]): boolean {
  for (let index = 0; index < matches.length; index += 1) {
    if (matches[index]?.(fields[index] ?? '') !== true) return false;
  }
  return true;
}

/** The matchers of fields without variables. */
export const fieldMatchers = (fields: readonly Part[][]): Match[] =>
  fields.map((field) => compileGlob(field.filter((part) => typeof part !== 'object')));
