import { indexText, type TextIndex } from './text-index.ts';

/**
 * A text of the request that patterns and values are held against, thousands of them perhaps. What has to be worked out of
 * it (its index, the number or the date it stands for) is worked out once, when first asked for.
 */
export interface Subject {
  readonly text: string;
  index?: TextIndex;
  readings?: Map<Reading<unknown>, unknown>;
}

/** What a text stands for; it must depend on the text alone. */
export type Reading<Value> = (text: string) => Value;

export const subjectOf = (text: string): Subject => ({ text });

/** What the reading gives for the subject's text. */
export function readAs<Value>(subject: Subject, reading: Reading<Value>): Value {
  subject.readings ??= new Map();
  if (!subject.readings.has(reading)) subject.readings.set(reading, reading(subject.text));
  return subject.readings.get(reading) as Value;
}

export function indexOf(subject: Subject): TextIndex {
  subject.index ??= indexText(subject.text);
  return subject.index;
}
