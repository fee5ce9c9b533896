import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Target } from './clients.ts';
import { sha256, treeHash } from './hashes.ts';
import { REGION } from './server.ts';

/** Signed requests whose every byte, there and back, the test can see. */
export interface RawRequest {
  method: string;
  /** As it goes on the wire, with percent encoding. */
  path: string;
  query?: Record<string, string>;
  /** Added to the usual ones; undefined takes one away. */
  headers?: Record<string, string | undefined>;
  body?: Uint8Array | string;
}

export interface RawAnswer {
  status: number;
  /** Names and values in the order they came. */
  headers: [name: string, value: string][];
  header(name: string): string | undefined;
  bytes: Buffer;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever came
  json: any;
}

/** Signs a request as a client would and sends it. Host, version and hash of the body are there unless taken away. */
export async function send(target: Target, asked: RawRequest): Promise<RawAnswer> {
  const { url, accessKeyId, secretAccessKey } = target;
  const { method, path, query = {}, body = '' } = asked;
  const { host, hostname } = new URL(url);
  const headers = presentOnly({
    host,
    'x-amz-glacier-version': '2012-06-01',
    'x-amz-content-sha256': sha256(body),
    ...(method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...asked.headers,
  });
  const signer = new SignatureV4({
    service: 'glacier',
    region: REGION,
    credentials: { accessKeyId, secretAccessKey },
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.sign({ method, protocol: 'http:', hostname, path, query, headers, body });
  return exchange(url, { method, target: path + searchOf(query), headers: signed.headers, body });
}

/** Sends a request to upload bytes, with both hashes. */
export async function sendUpload(target: Target, asked: RawRequest & { body: Uint8Array }): Promise<RawAnswer> {
  return send(target, { ...asked, headers: { 'x-amz-sha256-tree-hash': treeHash(asked.body), ...asked.headers } });
}

function exchange(
  url: string,
  asked: { method: string; target: string; headers: Record<string, string>; body: Uint8Array | string },
): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const { method, target, headers, body } = asked;
  const request = httpRequest({ hostname, port, method, path: target, headers }, (response) => {
    read(response).then(resolve, reject);
  });
  request.once('error', reject);
  request.end(body);
  return promise;
}

async function read(response: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  const headers: [string, string][] = [];
  for (let index = 0; index + 1 < response.rawHeaders.length; index += 2) {
    headers.push([response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '']);
  }
  return {
    status: response.statusCode ?? 0,
    headers,
    header: (name) => headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1],
    bytes,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

function presentOnly(headers: Record<string, string | undefined>): Record<string, string> {
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) present[name.toLowerCase()] = value;
  return present;
}

const searchOf = (query: Record<string, string>): string => {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
};

/** What the signer hashes with. */
export class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (data instanceof ArrayBuffer) return Buffer.from(data);
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
