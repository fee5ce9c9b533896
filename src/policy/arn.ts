import { ANY, compileGlob, type Match } from './glob.ts';
import { readAs, type Subject, subjectOf } from './subject.ts';
import type { Part } from './template.ts';

/**
 * ARNs: `arn:partition:service:region:account:resource`. A pattern is compared field by field, so that a star in one field
 * never swallows a colon and reaches into the next; only the resource may hold colons itself.
 */
const FIELDS = 6;

/** The six fields of a text; undefined when it is no ARN. */
export const arnFields = (subject: Subject): readonly Subject[] | undefined => readAs(subject, parseArn);

function parseArn(text: string): readonly Subject[] | undefined {
  if (!text.startsWith('arn:')) return undefined;
  const fields: Subject[] = [];
  let start = 0;
  while (fields.length < FIELDS - 1) {
    const colon = text.indexOf(':', start);
    if (colon < 0) return undefined;
    fields.push(subjectOf(text.slice(start, colon)));
    start = colon + 1;
  }
  return [...fields, subjectOf(text.slice(start))];
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
export function fieldsMatch(matches: readonly Match[], fields: readonly Subject[]): boolean {
  for (let index = 0; index < matches.length; index += 1) {
    const field = fields[index];
    if (field === undefined || matches[index]?.(field) !== true) return false;
  }
  return true;
}

/** The matchers of fields without variables. */
export const fieldMatchers = (fields: readonly Part[][]): Match[] =>
  fields.map((field) => compileGlob(field.filter((part) => typeof part !== 'object')));
