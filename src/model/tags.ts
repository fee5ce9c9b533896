import { invalidParameter } from './errors.ts';
import { limits } from './limits.ts';

/**
 * Tags of vaults (developer guide, "Tagging Amazon S3 Glacier resources"): letters and digits of every script, blanks, and
 * a few marks; the guide leaves the colon out, which other services take in values. Characters are code points.
 */
const KEY = /^[\p{L}\p{N}\p{Zs}_./=+\-@]*$/u;
const VALUE = /^[\p{L}\p{N}\p{Zs}_./=+\-@:]*$/u;
const RESERVED = /^aws:/i;
const MARKS = 'letters, digits, blanks and _ . / = + - @';

/** Refuses what cannot be the key of a tag, so that no message holds a longer one. */
export function checkTagKey(key: string): void {
  const length = [...key].length;
  if (length === 0 || length > limits.tagKeyLengthMax) {
    throw invalidParameter(`Invalid tag key: it has ${length} characters, a key has 1 to ${limits.tagKeyLengthMax}.`);
  }
  if (RESERVED.test(key)) throw invalidParameter(`Invalid tag key: ${key}. Keys that begin with aws: are reserved.`);
  if (!KEY.test(key)) throw invalidParameter(`Invalid tag key: ${key}. A key may hold ${MARKS}.`);
}

/** Refuses what cannot be the value of the tag with this key. */
export function checkTagValue(key: string, value: string): void {
  const length = [...value].length;
  if (length > limits.tagValueLengthMax) {
    throw invalidParameter(
      `Invalid value of the tag ${key}: it has ${length} characters, the limit is ${limits.tagValueLengthMax}.`,
    );
  }
  if (!VALUE.test(value)) {
    throw invalidParameter(`Invalid value of the tag ${key}: ${value}. A value may hold ${MARKS} and the colon.`);
  }
}
