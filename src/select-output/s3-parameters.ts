import type { CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import { type Grant, type ObjectSettings, PERMISSIONS } from '../model/select.ts';
import type { OutputObject } from './select-output.ts';

/** What PutObject and CreateMultipartUpload are told alike. */
export type StoredWith = CreateMultipartUploadCommandInput;

/** Only what was asked for is named: what speaks S3 need not know of what nobody wants. */
export function parametersOf({ bucketName, key, contentType, settings }: OutputObject): StoredWith {
  const { cannedAcl, tags, metadata, storageClass } = settings;
  return {
    Bucket: bucketName,
    Key: key,
    ContentType: contentType,
    ...encryptionOf(settings),
    ...(cannedAcl !== null && { ACL: cannedAcl }),
    ...grantsOf(settings),
    ...(tags.length > 0 && { Tagging: tags.map((tag) => tag.map(encodeURIComponent).join('=')).join('&') }),
    ...(metadata.length > 0 && { Metadata: Object.fromEntries(metadata) }),
    ...(storageClass !== 'STANDARD' && { StorageClass: storageClass }),
  };
}

function encryptionOf({ encryption }: ObjectSettings): Partial<StoredWith> {
  if (encryption === null) return {};
  if (encryption.type === 'AES256') return { ServerSideEncryption: 'AES256' };
  const { keyId, context } = encryption;
  return {
    ServerSideEncryption: 'aws:kms',
    ...(keyId !== null && { SSEKMSKeyId: keyId }),
    ...(context !== null && { SSEKMSEncryptionContext: Buffer.from(context).toString('base64') }),
  };
}

const PARAMETERS = {
  FULL_CONTROL: 'GrantFullControl',
  READ: 'GrantRead',
  READ_ACP: 'GrantReadACP',
  WRITE_ACP: 'GrantWriteACP',
} as const;

function grantsOf({ grants }: ObjectSettings): Partial<StoredWith> {
  const parameters = PERMISSIONS.flatMap((permission) => {
    const those = grants.filter((grant) => grant.permission === permission);
    return those.length === 0 ? [] : [[PARAMETERS[permission], those.map(granteeText).join(', ')]];
  });
  return Object.fromEntries(parameters);
}

function granteeText({ grantee }: Grant): string {
  switch (grantee.by) {
    case 'id':
      return `id="${grantee.id}"`;
    case 'uri':
      return `uri="${grantee.uri}"`;
    case 'emailAddress':
      return `emailAddress="${grantee.emailAddress}"`;
  }
}
