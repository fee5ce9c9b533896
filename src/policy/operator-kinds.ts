import { inRange, parseAddress, parseRange } from './addresses.ts';
import { arnFields, fieldMatchers, fieldsMatch, patternFields } from './arn.ts';
import { parseDate } from './dates.ts';
import { PolicyFault, shown } from './fault.ts';
import { compileGlob } from './glob.ts';
import type { KeyType } from './keys.ts';
import { readAs, type Subject } from './subject.ts';
import { filledIn, lookupsIn, type Part, plainPieces, readTemplate, textTest } from './template.ts';
import { MAYBE, NO, type Truth, truth } from './truth.ts';
import type { Values } from './values.ts';

/**
 * The condition operators, each as the maker of a test of one value of the request against one value of the policy. The
 * test is undecided when the request's value is not of the operator's kind; a policy's value that is not is refused.
 */
export type ValueTest = (subject: Subject, values: Values) => Truth;

export interface Operator {
  name: string;
  /** What the operator says is the opposite of what its test finds, and holds for a key that is absent. */
  negated: boolean;
  /** The kinds of key it can test. */
  tests: readonly KeyType[];
  read(text: string, reading: ValueReading): { test: ValueTest; lookups: readonly string[] };
}

export interface ValueReading {
  place: string;
  /** The document's language version knows variables. */
  variables: boolean;
}

const ALL: readonly KeyType[] = ['text', 'arn', 'number', 'date', 'epoch', 'boolean', 'address', 'tag'];
const DECIMAL = /^[+-]?\d+(?:\.\d+)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Compares text: exactly, or by a pattern. */
export function stringOperator(name: string, { wild = false, fold = false, negated = false } = {}): Operator {
  return {
    name,
    negated,
    tests: ALL,
    read(text, reading) {
      const parts = readTemplate(text, { ...reading, wild });
      return { test: textTest(parts, { fold }), lookups: lookupsIn(parts) };
    },
  };
}

/** Compares what a text stands for, which both sides must be able to tell. */
export function parsedOperator<Value>(
  name: string,
  kind: { tests: readonly KeyType[]; parse: (text: string) => Value | undefined; what: string },
  { holds, negated = false }: { holds: (found: Value, wanted: Value) => boolean; negated?: boolean },
): Operator {
  return {
    name,
    negated,
    tests: [...kind.tests, 'tag'],
    read(text, { place }) {
      const wanted = kind.parse(text);
      if (wanted === undefined) throw new PolicyFault(place, `${shown(text)} is not ${kind.what}, as ${name} needs.`);
      const test: ValueTest = (subject) => {
        const found = readAs(subject, kind.parse);
        return found === undefined ? MAYBE : truth(holds(found, wanted));
      };
      return { test, lookups: [] };
    },
  };
}

export const NUMBERS = { tests: ['number', 'epoch'], parse: parseNumber, what: 'a number' } as const;
export const DATES = {
  tests: ['date', 'epoch'],
  parse: parseDate,
  what: 'a date such as 2026-01-31T00:00:00Z',
} as const;
export const FLAGS = { tests: ['boolean'], parse: parseFlag, what: 'true or false' } as const;

export function orderedOperators(prefix: string, kind: typeof NUMBERS | typeof DATES): Operator[] {
  const equal = (found: number, wanted: number): boolean => found === wanted;
  return [
    parsedOperator(`${prefix}Equals`, kind, { holds: equal }),
    parsedOperator(`${prefix}NotEquals`, kind, { holds: equal, negated: true }),
    parsedOperator(`${prefix}LessThan`, kind, { holds: (found, wanted) => found < wanted }),
    parsedOperator(`${prefix}LessThanEquals`, kind, { holds: (found, wanted) => found <= wanted }),
    parsedOperator(`${prefix}GreaterThan`, kind, { holds: (found, wanted) => found > wanted }),
    parsedOperator(`${prefix}GreaterThanEquals`, kind, { holds: (found, wanted) => found >= wanted }),
  ];
}

/** Compares ARNs field by field. ArnEquals takes wildcards as ArnLike does. */
export function arnOperator(name: string, negated = false): Operator {
  return {
    name,
    negated,
    tests: ['arn', 'tag'],
    read(text, reading) {
      const parts = readTemplate(text, { ...reading, wild: true });
      return { test: arnTest(parts, text, reading.place), lookups: lookupsIn(parts) };
    },
  };
}

function arnTest(parts: readonly Part[], text: string, place: string): ValueTest {
  const plain = plainPieces(parts);
  if (plain === undefined) return (subject, values) => arnTestNow(parts, subject, values);
  const fields = patternFields(plain);
  if (fields === undefined) throw new PolicyFault(place, `${shown(text)} is not an ARN.`);
  const matches = fieldMatchers(fields);
  return (subject) => {
    const found = arnFields(subject);
    return found === undefined ? MAYBE : truth(fieldsMatch(matches, found));
  };
}

/** The fields of a pattern with variables are known only now, since a variable may be a whole ARN. */
function arnTestNow(parts: readonly Part[], subject: Subject, values: Values): Truth {
  const found = arnFields(subject);
  if (found === undefined) return MAYBE;
  const { pieces, whole } = filledIn(parts, values);
  if (!whole) return compileGlob(pieces)(subject) ? MAYBE : NO;
  const fields = patternFields(pieces);
  return fields === undefined ? NO : truth(fieldsMatch(fieldMatchers(fields), found));
}

function parseNumber(text: string): number | undefined {
  const value = DECIMAL.test(text) ? Number(text) : undefined;
  return value !== undefined && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

export function parseFlag(text: string): boolean | undefined {
  const folded = text.toLowerCase();
  return folded === 'true' ? true : folded === 'false' ? false : undefined;
}

/** A policy writes bytes in base64; the values of requests are text, so both are compared as base64. */
export const binaryOperator: Operator = {
  name: 'BinaryEquals',
  negated: false,
  tests: ['text', 'tag'],
  read(text, { place }) {
    if (!BASE64.test(text)) throw new PolicyFault(place, `${shown(text)} is not base64, as BinaryEquals needs.`);
    const wanted = Buffer.from(text, 'base64').toString('base64');
    return { test: (subject) => truth(readAs(subject, toBase64) === wanted), lookups: [] };
  },
};

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

export function addressOperator(name: string, negated: boolean): Operator {
  return {
    name,
    negated,
    tests: ['address', 'tag'],
    read(text, { place }) {
      const range = parseRange(text);
      if (range === undefined) {
        throw new PolicyFault(place, `${shown(text)} is not an address or a range such as 203.0.113.0/24.`);
      }
      const test: ValueTest = (subject) => {
        const found = readAs(subject, parseAddress);
        return found === undefined ? MAYBE : truth(inRange(found, range));
      };
      return { test, lookups: [] };
    },
  };
}
