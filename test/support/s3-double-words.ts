import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What the parts of the S3 double speak of. */

/** A request that the double got, whole. `path` is as it was sent. */
export interface S3Request {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface S3Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

export interface StoredObject {
  bytes: Buffer;
  /** Of the request that made it: PutObject or CreateMultipartUpload. */
  headers: IncomingHttpHeaders;
  /** XML, where PutObjectTagging has set it. */
  tagging?: string;
}

export interface StoredUpload {
  bucketName: string;
  key: string;
  headers: IncomingHttpHeaders;
  parts: Map<number, Buffer>;
}

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

/** What the double holds. */
export interface S3Contents {
  /** By bucket, then by key. */
  readonly buckets: Map<string, Map<string, StoredObject>>;
  /** By upload id. */
  readonly uploads: Map<string, StoredUpload>;
  /** So many entries come in a page of a listing. */
  pageEntriesMax: number;
  /** Of all parts but the last; 5 MiB at Amazon. */
  partBytesMin: number;
}

/** A fault that S3 tells of in its own words. */
export const s3Error = (status: number, code: string, message = 'no'): S3Answer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
});

export const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
