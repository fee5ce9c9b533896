import { limits } from '../model/limits.ts';
import { type Context, type ContextValue, UNKNOWN } from './context.ts';
import { type Subject, subjectOf } from './subject.ts';

/**
 * The values of one request during one decision. Each is fetched once, however many statements ask for it, and holding
 * values against patterns is paid out of one purse for the whole decision, so that no document, header or tag, and no
 * number of them, buys more than a few milliseconds: what could not be paid for is undecided.
 */
export interface Values {
  /** By the lower-case name of the key; undefined when the request does not hold it. */
  get(lookup: string): ContextValue | undefined;
  /** The same for tests of each value; `UNKNOWN` also when there are more than are tested. */
  subjects(lookup: string): readonly Subject[] | typeof UNKNOWN | undefined;
  /** Pays for holding a pattern of this many characters against texts of this many words of 32; false when the purse is empty. */
  pay(work: { patternLength: number; words: number }): boolean;
}

const WORD_LENGTH = 32;
const LOOK_WORDS = 3;

const wordsOf = (length: number): number => LOOK_WORDS + Math.ceil(length / WORD_LENGTH);

export function valuesOf(context: Context): Values {
  const known = new Map<string, ReturnType<Values['subjects']>>();
  let left: number = limits.policyWorkMax;
  return {
    get: (lookup) => context.get(lookup),
    subjects(lookup) {
      if (!known.has(lookup)) known.set(lookup, subjectsIn(context.get(lookup)));
      return known.get(lookup);
    },
    pay({ patternLength, words }) {
      left -= patternLength * words;
      return left >= 0;
    },
  };
}

function subjectsIn(value: ContextValue | undefined): ReturnType<Values['subjects']> {
  if (value === undefined || value === UNKNOWN) return value;
  if (typeof value === 'string') return [subjectOf(value)];
  return value.length > limits.policyValuesMax ? UNKNOWN : value.map(subjectOf);
}

/** The words that texts fill, begun ones included, and for each text what looking at it at all costs. */
export const wordsIn = (subjects: readonly Subject[]): number =>
  subjects.reduce((sum, { text }) => sum + wordsOf(text.length), 0);

/** The same for the longest value that is tested. */
export const WORDS_MAX = wordsOf(limits.policyValueLengthMax);
