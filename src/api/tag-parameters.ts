import type { Subject } from '../core/authorisation.ts';
import { tooManyTags } from '../core/tags.ts';
import { GlacierError, invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { checkTagKey, checkTagValue } from '../model/tags.ts';
import { type Json, object, texts } from './json-members.ts';

/**
 * Reads the body of AddTagsToVault. More tags than a vault can have are refused before anything looks at them, while the
 * guide's limit of ten in one request is not enforced: Terraform sends all at once.
 */
export function parseTags(body: Json = {}): ReadonlyMap<string, string> {
  const given = Object.entries(object(body, 'Tags') ?? {});
  if (given.length === 0) throw missingParameter('Tags');
  if (given.length > limits.tagsPerVaultMax) throw tooManyTags();
  const tags = new Map<string, string>();
  for (const [key, value] of given) {
    checkTagKey(key);
    if (typeof value !== 'string') {
      throw new GlacierError('SerializationException', `The value of the tag ${key} must be a string.`);
    }
    checkTagValue(key, value);
    tags.set(key, value);
  }
  return tags;
}

/** Reads the body of RemoveTagsFromVault. */
export function parseTagKeys(body: Json = {}): readonly string[] {
  const given = texts(body, 'TagKeys') ?? [];
  if (given.length === 0) throw missingParameter('TagKeys');
  if (given.length > limits.tagsPerVaultMax) {
    throw invalidParameter(
      `Invalid TagKeys: they are ${given.length}, a vault has at most ${limits.tagsPerVaultMax} tags.`,
    );
  }
  for (const key of given) checkTagKey(key);
  return [...new Set(given)];
}

/**
 * What policies may ask about a request for tags: exactly what it would do. Of a body that will be refused they see
 * nothing, so that its size costs them nothing either.
 */
export function subjectOf(read: () => Pick<Subject, 'requestTags' | 'tagKeys'>): Subject {
  try {
    return read();
  } catch (error) {
    if (error instanceof GlacierError) return {};
    throw error;
  }
}
