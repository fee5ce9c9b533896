import { randomUUID } from 'node:crypto';
import { md5, type S3Answer, type S3Contents, type S3Request, type StoredObject, s3Error } from './s3-double-words.ts';

/** The operations of the double, in S3's own words as far as its clients look. */

export function answerS3(double: S3Contents, request: S3Request): S3Answer {
  const [, bucketName = '', ...rest] = request.path.split('/');
  const key = decodeURIComponent(rest.join('/'));
  const objects = double.buckets.get(bucketName);
  if (objects === undefined) return s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
  const where = { double, request, bucketName, key, objects };
  if (key === '') return answerBucket(where);
  const { query } = request;
  if (query.has('uploads') || query.has('uploadId')) return answerUpload(where);
  if (query.has('tagging')) return answerTagging(where);
  switch (request.method) {
    case 'PUT':
      objects.set(key, { bytes: request.body, headers: request.headers });
      return { status: 200, headers: { etag: `"${md5(request.body)}"` } };
    case 'DELETE':
      objects.delete(key);
      return { status: 204 };
    case 'GET':
    case 'HEAD': {
      const object = objects.get(key);
      if (object === undefined) return s3Error(404, 'NoSuchKey');
      const headers = { etag: `"${md5(object.bytes)}"`, 'content-length': String(object.bytes.length) };
      return { status: 200, headers, ...(request.method === 'GET' && { body: object.bytes }) };
    }
    default:
      return s3Error(405, 'MethodNotAllowed');
  }
}

interface Where {
  double: S3Contents;
  request: S3Request;
  bucketName: string;
  key: string;
  objects: Map<string, StoredObject>;
}

function answerTagging({ request: { method, body }, key, objects }: Where): S3Answer {
  const object = objects.get(key);
  if (object === undefined) return s3Error(404, 'NoSuchKey');
  if (method !== 'PUT') return s3Error(405, 'MethodNotAllowed');
  object.tagging = body.toString();
  return { status: 200 };
}

function answerUpload({ double, request, bucketName, key, objects }: Where): S3Answer {
  const { method, query, body, headers } = request;
  if (method === 'POST' && query.has('uploads')) {
    const id = randomUUID();
    double.uploads.set(id, { bucketName, key, headers, parts: new Map() });
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }
  const id = query.get('uploadId') ?? '';
  const upload = double.uploads.get(id);
  if (upload?.key !== key || upload.bucketName !== bucketName) return s3Error(404, 'NoSuchUpload');
  if (method === 'DELETE') {
    double.uploads.delete(id);
    return { status: 204 };
  }
  if (method === 'PUT') {
    upload.parts.set(Number(query.get('partNumber')), body);
    return { status: 200, headers: { etag: `"${md5(body)}"` } };
  }
  const listed = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: /<ETag>(?:"|&quot;)?([0-9a-f]+)/.exec(part)?.[1],
  }));
  const parts = listed.map(({ number, etag }) => {
    const bytes = upload.parts.get(number);
    return bytes !== undefined && md5(bytes) === etag ? bytes : undefined;
  });
  const isOrdered = listed.every(({ number }, index) => index === 0 || number > (listed[index - 1]?.number ?? 0));
  if (!isOrdered) return s3Error(400, 'InvalidPartOrder');
  if (parts.length === 0 || parts.includes(undefined)) return s3Error(400, 'InvalidPart');
  const whole = parts as Buffer[];
  if (whole.slice(0, -1).some((part) => part.length < double.partBytesMin)) return s3Error(400, 'EntityTooSmall');
  objects.set(key, { bytes: Buffer.concat(whole), headers: upload.headers });
  double.uploads.delete(id);
  return xml('<CompleteMultipartUploadResult><ETag>"whole"</ETag></CompleteMultipartUploadResult>');
}

function answerBucket(where: Where): S3Answer {
  const { request, objects } = where;
  const { method, query, body } = request;
  if (method === 'POST' && query.has('delete')) {
    for (const [, key = ''] of body.toString().matchAll(/<Key>(.*?)<\/Key>/gs)) objects.delete(key);
    return xml('<DeleteResult></DeleteResult>');
  }
  if (method !== 'GET') return s3Error(405, 'MethodNotAllowed');
  if (query.has('uploads')) return listUploads(where);
  return query.get('list-type') === '2' ? listObjects(where) : s3Error(501, 'NotImplemented');
}

const bytewise = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function listObjects({ double, request: { query }, objects }: Where): S3Answer {
  const after = query.get('continuation-token');
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(query.get('prefix') ?? ''))
    .sort(bytewise)
    .filter((key) => after === null || bytewise(key, Buffer.from(after, 'base64url').toString()) > 0);
  const page = keys.slice(0, double.pageEntriesMax);
  const more = keys.length > page.length;
  const token = Buffer.from(page.at(-1) ?? '').toString('base64url');
  return xml(
    `<ListBucketResult>${encodingOf(query)}<IsTruncated>${more}</IsTruncated>${
      more ? `<NextContinuationToken>${token}</NextContinuationToken>` : ''
    }${page.map((key) => `<Contents><Key>${shown(key, query)}</Key></Contents>`).join('')}</ListBucketResult>`,
  );
}

function listUploads({ double, request: { query }, bucketName }: Where): S3Answer {
  const [keyMarker, idMarker] = [query.get('key-marker') ?? '', query.get('upload-id-marker') ?? ''];
  const uploads = [...double.uploads]
    .map(([id, upload]) => ({ id, ...upload }))
    .filter((upload) => upload.bucketName === bucketName && upload.key.startsWith(query.get('prefix') ?? ''))
    .sort((a, b) => bytewise(a.key, b.key) || bytewise(a.id, b.id))
    .filter(({ id, key }) => (bytewise(key, keyMarker) || bytewise(id, idMarker)) > 0);
  const page = uploads.slice(0, double.pageEntriesMax);
  const last = page.at(-1);
  const more = uploads.length > page.length && last !== undefined;
  return xml(
    `<ListMultipartUploadsResult>${encodingOf(query)}<IsTruncated>${more}</IsTruncated>${
      more
        ? `<NextKeyMarker>${shown(last.key, query)}</NextKeyMarker><NextUploadIdMarker>${last.id}</NextUploadIdMarker>`
        : ''
    }${page
      .map(({ id, key }) => `<Upload><Key>${shown(key, query)}</Key><UploadId>${id}</UploadId></Upload>`)
      .join('')}</ListMultipartUploadsResult>`,
  );
}

const encodingOf = (query: URLSearchParams): string =>
  query.get('encoding-type') === 'url' ? '<EncodingType>url</EncodingType>' : '';

const shown = (key: string, query: URLSearchParams): string =>
  query.get('encoding-type') === 'url'
    ? new URLSearchParams({ key }).toString().slice('key='.length)
    : key.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

const xml = (body: string): S3Answer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
});
