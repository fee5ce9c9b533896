import { invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { isBucketName } from '../model/output-names.ts';
import {
  CANNED_ACLS,
  type ObjectSettings,
  type OutputEncryption,
  type OutputLocation,
  STORAGE_CLASSES,
} from '../model/select.ts';
import { type Json, Members } from './json-members.ts';
import { type KnownMembers, onlyKnown } from './known-members.ts';
import { grantsIn, metadataIn, tagsIn } from './object-settings.ts';

/**
 * `OutputLocation` of InitiateJob: where the results go, and what their objects are stored with. What S3 would refuse
 * whoever asks is refused here, so that no job begins which cannot end.
 */
export interface SentLocation {
  output: OutputLocation;
  /** JSON: what was sent, without what is null or unknown. */
  sent: string;
}

const GRANTEE = { DisplayName: null, EmailAddress: null, ID: null, Type: null, URI: null };
const KNOWN_GRANT: KnownMembers = { Grantee: GRANTEE, Permission: null };
const KNOWN: KnownMembers = {
  AccessControlList: null,
  BucketName: null,
  CannedACL: null,
  Encryption: { EncryptionType: null, KMSContext: null, KMSKeyId: null },
  Prefix: null,
  StorageClass: null,
  Tagging: null,
  UserMetadata: null,
};

/** Names that S3 keeps to itself. */
const RESERVED_NAME = /^(?:xn--|sthree-)|(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;
const CONTROL = /\p{Cc}/u;
const KEY_ID = /^[\x21-\x7e]+$/;

export function parseOutputLocation(body: Json): SentLocation {
  const location = Members.of(body, 'OutputLocation');
  if (location === null) throw missingParameter('OutputLocation');
  const s3 = location.object('S3');
  if (s3 === null) throw missingParameter(location.path('S3'));
  const output = { bucketName: bucketNameIn(s3), prefix: prefixIn(s3), settings: settingsIn(s3) };
  return { output, sent: JSON.stringify({ S3: shownOf(s3) }) };
}

function shownOf(s3: Members): object {
  const shown: Record<string, unknown> = { ...onlyKnown(s3.json, KNOWN) };
  const grants = s3.objects('AccessControlList');
  if (grants !== null) shown.AccessControlList = grants.map(({ json }) => onlyKnown(json, KNOWN_GRANT));
  return shown;
}

function bucketNameIn(s3: Members): string {
  const name = s3.text('BucketName');
  if (name === null || name === '') throw missingParameter(s3.path('BucketName'));
  if (!isBucketName(name) || RESERVED_NAME.test(name)) {
    throw invalidParameter(
      `Invalid ${s3.path('BucketName')}: ${JSON.stringify(name)}. A bucket's name has 3 to 63 lower-case letters, digits, ` +
        'dots and hyphens.',
    );
  }
  return name;
}

/** Keys below the prefix must mean the same to a bucket, to a directory and in a URL, so that it may not hold `//` and `..`. */
function prefixIn(s3: Members): string {
  const prefix = s3.text('Prefix');
  const path = s3.path('Prefix');
  if (prefix === null || prefix === '') throw missingParameter(path);
  const bytes = Buffer.byteLength(prefix);
  if (bytes > limits.selectPrefixBytesMax) {
    throw invalidParameter(`Invalid ${path}: it has ${bytes} bytes, the limit is ${limits.selectPrefixBytesMax}.`);
  }
  if (CONTROL.test(prefix) || !prefix.isWellFormed()) {
    throw invalidParameter(`Invalid ${path}: it may not hold control characters.`);
  }
  const segments = prefix.replace(/\/$/, '').split('/');
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw invalidParameter(
      `Invalid ${path}: ${JSON.stringify(prefix)}. It may not begin with a slash, nor hold two in a row, nor a segment . or ..`,
    );
  }
  return prefix;
}

function settingsIn(s3: Members): ObjectSettings {
  const cannedAcl = s3.word('CannedACL', CANNED_ACLS);
  const grants = grantsIn(s3);
  if (cannedAcl !== null && grants.length > 0) {
    throw invalidParameter(`Invalid ${s3.path('AccessControlList')}: it cannot go with ${s3.path('CannedACL')}.`);
  }
  return {
    encryption: encryptionIn(s3.object('Encryption')),
    cannedAcl,
    grants,
    tags: tagsIn(s3),
    metadata: metadataIn(s3),
    storageClass: s3.word('StorageClass', STORAGE_CLASSES) ?? 'STANDARD',
  };
}

function encryptionIn(encryption: Members | null): OutputEncryption | null {
  if (encryption === null) return null;
  const type = encryption.word('EncryptionType', ['aws:kms', 'AES256']);
  if (type === null) throw missingParameter(encryption.path('EncryptionType'));
  const keyId = encryption.text('KMSKeyId');
  const context = encryption.text('KMSContext');
  if (type === 'aws:kms') {
    return { type, keyId: keyIdIn(encryption, keyId), context: contextIn(encryption, context) };
  }
  const stray = keyId !== null ? 'KMSKeyId' : context !== null ? 'KMSContext' : null;
  if (stray !== null) throw invalidParameter(`Invalid ${encryption.path(stray)}: it goes with aws:kms only.`);
  return { type };
}

function keyIdIn(encryption: Members, keyId: string | null): string | null {
  if (keyId === null || (KEY_ID.test(keyId) && keyId.length <= limits.selectNameLengthMax)) return keyId;
  throw invalidParameter(`Invalid ${encryption.path('KMSKeyId')}: it must be the id, the alias or the ARN of a key.`);
}

/** The API reference says JSON; S3 takes it as base64, which some clients send here too. */
function contextIn(encryption: Members, context: string | null): string | null {
  if (context === null) return null;
  if (context.length <= limits.selectContextBytesMax) {
    for (const text of [context, Buffer.from(context, 'base64').toString('utf8')]) if (isContext(text)) return text;
  }
  throw invalidParameter(
    `Invalid ${encryption.path('KMSContext')}: it must be JSON, an object of strings, of at most ` +
      `${limits.selectContextBytesMax} bytes.`,
  );
}

function isContext(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return Object.values(value).every((member) => typeof member === 'string');
  } catch {
    return false;
  }
}
