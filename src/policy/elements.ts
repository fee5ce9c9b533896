import { PolicyFault, shown } from './fault.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { didYouMean } from './suggestion.ts';

/** Readers of JSON shapes that the elements of a policy share. All throw PolicyFault with the place they are given. */

/** One string, or a list of at least one. */
export function textsOf(value: JsonValue | undefined, place: string): string[] {
  const items = Array.isArray(value) ? value : [value];
  if (items.length === 0) throw new PolicyFault(place, 'the list is empty.');
  return items.map((item) => {
    if (typeof item !== 'string') throw new PolicyFault(place, `must be ${A_STRING}, but ${kindOf(item)}.`);
    return item;
  });
}

const A_STRING = 'a string or a list of strings';

/** Ends a sentence about a value that is of the wrong kind. */
export function kindOf(value: JsonValue | undefined): string {
  if (value === undefined) return 'is missing';
  if (value === null) return 'is null';
  if (Array.isArray(value)) return 'is a list';
  if (value instanceof Map) return 'is an object';
  return `is ${typeof value === 'string' ? `the string ${shown(value)}` : `the ${typeof value} ${value}`}`;
}

/** The value as an object. */
export function objectOf(value: JsonValue | undefined, place: string): JsonObject {
  if (!(value instanceof Map)) throw new PolicyFault(place, `must be an object, but ${kindOf(value)}.`);
  return value;
}

/** Refuses members that the language does not have. */
export function refuseStrangers(members: JsonObject, known: readonly string[], place: string): void {
  for (const name of members.keys()) {
    if (!known.includes(name)) {
      throw new PolicyFault(place, `the element ${shown(name)} is not known${didYouMean(name, known)}`);
    }
  }
}

/** Which of two elements that exclude each other is there. */
export function oneOf(
  members: JsonObject,
  [plain, inverted]: readonly [string, string],
  place: string,
): { name: string; value: JsonValue; inverted: boolean } {
  const [first, second] = [members.get(plain), members.get(inverted)];
  if (first !== undefined && second !== undefined) {
    throw new PolicyFault(place, `has both ${plain} and ${inverted}; only one is allowed.`);
  }
  if (first !== undefined) return { name: plain, value: first, inverted: false };
  if (second !== undefined) return { name: inverted, value: second, inverted: true };
  throw new PolicyFault(place, `has neither ${plain} nor ${inverted}.`);
}
