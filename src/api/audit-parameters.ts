import { limits } from '../model/limits.ts';
import { queryParameters, type RequestHead } from './framing.ts';
import type { Json } from './json-members.ts';
import { type KnownMembers, onlyKnown } from './known-members.ts';
import type { HeaderList } from './reply.ts';
import { KNOWN_SELECT } from './select-parameters.ts';

/**
 * What the audit log shows of a request and of its answer, by the names that the SDKs have for them. Only what is listed
 * here is shown: a header or a query parameter that nobody knows may hold anything, credentials among it. Descriptions of
 * archives and jobs are left out, because people write there what is nobody else's business.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'x-amz-sha256-tree-hash': 'checksum',
  'x-amz-part-size': 'partSize',
  'x-amz-archive-size': 'archiveSize',
  'content-range': 'range',
  range: 'range',
};
const QUERY = ['completed', 'limit', 'marker', 'operation', 'statuscode'];
/** Where the SDKs wrap the members of the body into one of their own. */
const WRAPPED: Readonly<Record<string, string>> = {
  InitiateJob: 'jobParameters',
  InitiateVaultLock: 'policy',
  SetVaultAccessPolicy: 'policy',
  SetVaultNotifications: 'vaultNotificationConfig',
};
/** Of the bodies that the model of the API has. Whatever else a body may hold, and other bodies, are left out. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  AddTagsToVault: ['Tags'],
  InitiateJob: [
    ...['Type', 'ArchiveId', 'RetrievalByteRange', 'Tier', 'Format', 'SNSTopic'],
    ...['InventoryRetrievalParameters', 'SelectParameters', 'OutputLocation'],
  ],
  InitiateVaultLock: ['Policy'],
  RemoveTagsFromVault: ['TagKeys'],
  SetDataRetrievalPolicy: ['Policy'],
  SetVaultAccessPolicy: ['Policy'],
  SetVaultNotifications: ['SNSTopic', 'Events'],
};
/** Of members that hold others, those that are shown: tags and metadata of objects are texts of people's own. */
const NESTED: Readonly<Record<string, KnownMembers>> = {
  SelectParameters: KNOWN_SELECT,
  OutputLocation: {
    S3: {
      ...{ AccessControlList: null, BucketName: null, CannedACL: null },
      ...{ Encryption: { EncryptionType: null, KMSKeyId: null }, Prefix: null, StorageClass: null },
    },
  },
};
const ELEMENTS: Readonly<Record<string, string>> = {
  location: 'location',
  'x-amz-archive-id': 'archiveId',
  'x-amz-capacity-id': 'capacityId',
  'x-amz-job-id': 'jobId',
  'x-amz-job-output-path': 'jobOutputPath',
  'x-amz-lock-id': 'lockId',
  'x-amz-multipart-upload-id': 'uploadId',
  'x-amz-sha256-tree-hash': 'checksum',
};

/** Anything longer is cut, and says so. */
export const cut = (text: string): string =>
  text.length > limits.auditValueLengthMax ? `${text.slice(0, limits.auditValueLengthMax)}...` : text;

export interface Asked {
  head: RequestHead;
  /** Of the path; undefined when it leads nowhere. */
  parameters: Readonly<Record<string, string>> | undefined;
  operation: string | undefined;
  /** The members of a JSON body that was held against its signature. */
  members?: Readonly<Record<string, unknown>> | undefined;
  /** How long that body is. */
  bodyBytes?: number;
}

/** Whether anything of an operation's body is shown. */
export const hasRecordedBody = (operation: string | undefined): boolean => Object.hasOwn(MEMBERS, operation ?? '');

export function requestParameters({ head, parameters, operation, members, bodyBytes = 0 }: Asked): object | null {
  const query = queryParameters(head.target.query);
  const all = {
    ...parameters,
    ...Object.fromEntries(QUERY.flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? '']] : []))),
    ...Object.fromEntries(
      Object.entries(HEADERS).flatMap(([header, name]) => {
        const value = head.header(header);
        return value === undefined ? [] : [[name, value]];
      }),
    ),
  };
  const shown = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, cut(value)]));
  // What was acted on comes from the path, so nothing else may take its name.
  const both = { ...bodyParameters({ operation, members, bodyBytes }), ...shown };
  return Object.keys(both).length === 0 ? null : both;
}

function bodyParameters({
  operation = '',
  members,
  bodyBytes,
}: Pick<Asked, 'operation' | 'members'> & { bodyBytes: number }): object {
  if (bodyBytes > limits.auditBodyLengthMax) return omitted(bodyBytes);
  if (members === undefined || !hasRecordedBody(operation)) return {};
  const kept = Object.entries(members).filter(([name]) => MEMBERS[operation]?.includes(name));
  const named = Object.fromEntries(kept.map(([name, value]) => [lowerFirst(name), shownOf(name, value)]));
  // Numbers may be longer than they were written.
  const shownLength = JSON.stringify(named).length;
  if (shownLength > limits.auditBodyLengthMax) return omitted(shownLength);
  const wrapper = WRAPPED[operation];
  return wrapper === undefined ? named : { [wrapper]: named };
}

function shownOf(name: string, value: unknown): unknown {
  const known = NESTED[name];
  if (known === undefined || value === null || value === undefined) return value;
  const shown: { Expression?: unknown } = onlyKnown(value as Json, known);
  if (typeof shown.Expression === 'string') shown.Expression = cut(shown.Expression);
  return shown;
}

const omitted = (originalSize: number): object => ({
  omitted: true,
  originalSize,
  reason: 'the members of the body are too long',
});

export function responseElements(headers: HeaderList): object | null {
  const found = headers.flatMap(([header, value]) => {
    const name = ELEMENTS[header.toLowerCase()];
    return name === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** CloudTrail's way of spelling members: only the first letter changes. */
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
