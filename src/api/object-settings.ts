import { invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { type Grant, type Grantee, type ObjectSettings, PERMISSIONS } from '../model/select.ts';
import type { Members } from './json-members.ts';

/** What objects in a bucket are stored with, of the members of `OutputLocation.S3` that hold lists and maps. */
const GRANTEES = {
  AmazonCustomerByEmail: ['EmailAddress', (emailAddress: string): Grantee => ({ by: 'emailAddress', emailAddress })],
  CanonicalUser: ['ID', (id: string): Grantee => ({ by: 'id', id })],
  Group: ['URI', (uri: string): Grantee => ({ by: 'uri', uri })],
} as const;
const GRANTEE_TYPES = Object.keys(GRANTEES) as (keyof typeof GRANTEES)[];

/** In a header grants stand between quotes and commas. */
const GRANTEE_NAME = /^[\x21\x23-\x2b\x2d-\x7e]+$/;
/** "Object tags" of the S3 user guide. */
const TAG_TEXT = /^[\p{L}\p{N}\p{Zs}_./=+\-:@]*$/u;
const METADATA_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

export function grantsIn(s3: Members): Grant[] {
  const list = s3.objects('AccessControlList') ?? [];
  if (list.length > limits.selectGrantsMax) {
    throw invalidParameter(
      `Invalid ${s3.path('AccessControlList')}: it has ${list.length} grants, the limit is ${limits.selectGrantsMax}.`,
    );
  }
  return list.map(grantIn);
}

function grantIn(grant: Members): Grant {
  const named = grant.object('Grantee');
  if (named === null) throw missingParameter(grant.path('Grantee'));
  const permission = grant.word('Permission', [...PERMISSIONS, 'WRITE']);
  if (permission === null) throw missingParameter(grant.path('Permission'));
  if (permission === 'WRITE') {
    throw invalidParameter(`Invalid ${grant.path('Permission')}: WRITE has no meaning for objects.`);
  }
  return { grantee: granteeIn(named), permission };
}

function granteeIn(named: Members): Grantee {
  const type = named.word('Type', GRANTEE_TYPES);
  if (type === null) throw missingParameter(named.path('Type'));
  const [member, granteeOf] = GRANTEES[type];
  const name = named.text(member);
  if (name === null || name === '') throw missingParameter(named.path(member));
  if (!GRANTEE_NAME.test(name) || name.length > limits.selectNameLengthMax) {
    throw invalidParameter(`Invalid ${named.path(member)}: ${JSON.stringify(name)} cannot name a grantee.`);
  }
  return granteeOf(name);
}

export function tagsIn(s3: Members): ObjectSettings['tags'] {
  const tags = s3.entries('Tagging') ?? [];
  const path = s3.path('Tagging');
  if (tags.length > limits.selectTagsMax) {
    throw invalidParameter(`Invalid ${path}: it has ${tags.length} tags, the limit is ${limits.selectTagsMax}.`);
  }
  for (const [key, value] of tags) {
    const keyLength = [...key].length;
    if (keyLength === 0 || keyLength > limits.tagKeyLengthMax || !TAG_TEXT.test(key) || /^aws:/i.test(key)) {
      throw invalidParameter(
        `Invalid ${path}: the key ${JSON.stringify(key)} must have 1 to ${limits.tagKeyLengthMax} letters, digits, blanks ` +
          'and _ . / = + - : @ and may not begin with aws:.',
      );
    }
    if ([...value].length > limits.selectTagValueLengthMax || !TAG_TEXT.test(value)) {
      throw invalidParameter(
        `Invalid ${path}: the value of ${JSON.stringify(key)} may have ${limits.selectTagValueLengthMax} letters, digits, ` +
          'blanks and _ . / = + - : @ at most.',
      );
    }
  }
  return tags;
}

/** Each becomes a header. Their names differ in more than their case, as S3 keeps them in lower case. */
export function metadataIn(s3: Members): ObjectSettings['metadata'] {
  const metadata = s3.entries('UserMetadata') ?? [];
  const path = s3.path('UserMetadata');
  const seen = new Set<string>();
  for (const [name, value] of metadata) {
    const lower = name.toLowerCase();
    if (!METADATA_NAME.test(name) || seen.has(lower)) {
      throw invalidParameter(`Invalid ${path}: ${JSON.stringify(name)} cannot be the name of a header of its own.`);
    }
    if (!PRINTABLE_ASCII.test(value)) {
      throw invalidParameter(`Invalid ${path}: the value of ${name} may hold printable ASCII characters only.`);
    }
    seen.add(lower);
  }
  const bytes = metadata.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (bytes > limits.selectMetadataBytesMax) {
    throw invalidParameter(
      `Invalid ${path}: names and values have ${bytes} bytes, the limit is ${limits.selectMetadataBytesMax}.`,
    );
  }
  return metadata;
}
