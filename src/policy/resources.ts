import { OBJECT_SERVICE, SERVICE } from './actions.ts';
import { arnFields, fieldMatchers, fieldsMatch, patternFields } from './arn.ts';
import { PolicyFault, shown } from './fault.ts';
import { type Subject, subjectOf } from './subject.ts';
import { lookupsIn, readTemplate, textTest } from './template.ts';
import { MAYBE, NO, not, some, type Truth, YES } from './truth.ts';
import type { Values } from './values.ts';

/**
 * Resource and NotResource. An identity policy names vaults by patterns, with variables after the fifth colon only. A
 * vault's own policies speak of that vault and must say so: anything but its exact ARN is refused, since such a document
 * was written for another vault, or (with a star or a path added) for another service.
 */
export type ResourceTest = (resource: Subject, values: Values) => Truth;

/** What was read, with the keys of its variables and the number of its patterns. */
export interface Resources {
  test: ResourceTest;
  lookups: readonly string[];
  patterns: number;
}

const [SCHEME, PARTITION] = [subjectOf('arn'), subjectOf('aws')];
const [GLACIER, OBJECTS] = [subjectOf(SERVICE), subjectOf(OBJECT_SERVICE)];

/**
 * The resources of a statement in a vault's own policy. A request for anything else should never be put to that policy, so
 * it stays undecided: a mistake in bringing the two together opens nothing.
 */
export function readVaultResources(texts: readonly string[], place: string, vaultArn: string): Resources {
  for (const text of texts) {
    if (text !== vaultArn) {
      throw new PolicyFault(place, `must be the ARN of this vault, ${vaultArn}, but is ${shown(text)}.`);
    }
  }
  return { test: ({ text }) => (text === vaultArn ? YES : MAYBE), lookups: [], patterns: 1 };
}

/**
 * The resources of a statement in an identity policy; `inverted` for NotResource. Objects in buckets are among them where
 * the statement can be about writing the results of select jobs.
 */
export function readResources(
  texts: readonly string[],
  { inverted, ...reading }: PatternReading & { inverted: boolean },
): Resources {
  const read = texts.map((text) => readPattern(text, reading));
  const lookups = read.flatMap((resource) => resource.lookups);
  if (inverted && texts.includes('*'))
    throw new PolicyFault(reading.place, 'a star leaves no resource for the statement.');
  const tests = read.map((resource) => resource.test);
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) {
    return { test: inverted ? (resource, values) => not(only(resource, values)) : only, lookups, patterns: 1 };
  }
  const test: ResourceTest = (resource, values) => some(tests, (one) => one(resource, values));
  return { test: inverted ? (resource, values) => not(test(resource, values)) : test, lookups, patterns: texts.length };
}

interface PatternReading {
  place: string;
  variables: boolean;
  /** Objects in buckets may be meant too. */
  objects: boolean;
}

function readPattern(text: string, { place, variables, objects }: PatternReading): Resources {
  if (text === '*') return { test: () => YES, lookups: [], patterns: 1 };
  const parts = readTemplate(text, { place, wild: true, variables });
  const fields = patternFields(parts);
  if (fields === undefined) throw new PolicyFault(place, `${shown(text)} is not an ARN.`);
  const tail = fields.pop() ?? [];
  if (fields.some((field) => lookupsIn(field).length > 0)) {
    throw new PolicyFault(place, `in ${shown(text)} a variable stands before the fifth colon, which is not allowed.`);
  }
  const heads = fieldMatchers(fields);
  const [arn, partition, service] = heads;
  if (arn?.(SCHEME) !== true) throw new PolicyFault(place, `${shown(text)} is not an ARN.`);
  if (partition?.(PARTITION) !== true || !(service?.(GLACIER) === true || (objects && service?.(OBJECTS) === true))) {
    throw new PolicyFault(place, `${shown(text)} is nothing of Glacier's; ARNs here begin with arn:aws:glacier.`);
  }
  const ends = textTest(tail);
  const test: ResourceTest = (resource, values) => {
    const asked = arnFields(resource);
    const last = asked?.[heads.length];
    if (asked === undefined || last === undefined) return NO;
    return fieldsMatch(heads, asked) ? ends(last, values) : NO;
  };
  return { test, lookups: lookupsIn(parts), patterns: 1 };
}
