import { limits } from '../model/limits.ts';
import { queryParameters, type RequestHead } from './framing.ts';
import type { HeaderList } from './reply.ts';

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
const PRIVATE_MEMBERS = ['Description'];
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
  members: Readonly<Record<string, unknown>> | undefined;
}

export function requestParameters({ head, parameters, operation, members }: Asked): object | null {
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
  const both = { ...shown, ...bodyParameters(operation, members) };
  return Object.keys(both).length === 0 ? null : both;
}

function bodyParameters(operation = '', members: Asked['members']): object {
  if (members === undefined) return {};
  const kept = Object.entries(members).filter(([name]) => !PRIVATE_MEMBERS.includes(name));
  const named = Object.fromEntries(kept.map(([name, value]) => [lowerFirst(name), value]));
  const originalSize = JSON.stringify(named).length;
  if (originalSize > limits.auditBodyLengthMax) {
    return { omitted: true, originalSize, reason: 'the members of the body are too long' };
  }
  const wrapper = WRAPPED[operation];
  return wrapper === undefined ? named : { [wrapper]: named };
}

export function responseElements(headers: HeaderList): object | null {
  const found = headers.flatMap(([header, value]) => {
    const name = ELEMENTS[header.toLowerCase()];
    return name === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

/** CloudTrail's way of spelling members: only the first letter changes. */
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
