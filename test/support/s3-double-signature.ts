import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { type S3Answer, type S3Credentials, type S3Request, s3Error } from './s3-double-words.ts';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;
const AMZ_DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** What a signature must cover besides every `x-amz-` header. */
const MUST_BE_SIGNED = ['host', 'x-amz-date', 'x-amz-content-sha256'];

/** Signs a request anew, of what was received, and compares: nothing that was sent says how it is to be checked. */
export async function refusalOfSignature(
  { method, path, query, headers, body }: S3Request,
  { accessKeyId, secretAccessKey, region }: S3Credentials,
): Promise<S3Answer | undefined> {
  const [, givenId, , givenRegion, signedHeaders = '', given] = AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (given === undefined) return s3Error(403, 'AccessDenied', 'the request is not signed as it should be');
  if (givenId !== accessKeyId) return s3Error(403, 'InvalidAccessKeyId');
  if (givenRegion !== region) return s3Error(400, 'AuthorizationHeaderMalformed');
  const signed = signedHeaders.split(';');
  const unsigned = Object.keys(headers).filter((name) => name.startsWith('x-amz-') && !signed.includes(name));
  if (unsigned.length > 0 || MUST_BE_SIGNED.some((name) => !signed.includes(name))) {
    return s3Error(403, 'AccessDenied', `not signed: ${unsigned}`);
  }
  const contentHash = createHash('sha256').update(body).digest('hex');
  if (headers['x-amz-content-sha256'] !== contentHash) return s3Error(400, 'XAmzContentSHA256Mismatch');
  const date = String(headers['x-amz-date']).replace(AMZ_DATE, '$1-$2-$3T$4:$5:$6Z');
  if (Math.abs(Date.parse(date) - Date.now()) > 15 * 60_000) return s3Error(403, 'RequestTimeTooSkewed');
  const signer = new SignatureV4({
    service: 's3',
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
  const again = await signer.sign(
    {
      method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path,
      query: Object.fromEntries(query),
      headers: Object.fromEntries(signed.map((name) => [name, String(headers[name] ?? '')])),
      body,
    },
    { signingDate: new Date(date) },
  );
  return again.headers.authorization?.endsWith(`Signature=${given}`)
    ? undefined
    : s3Error(403, 'SignatureDoesNotMatch');
}

class Sha256 {
  #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    this.#hash = createHash('sha256');
  }
}
