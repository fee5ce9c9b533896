import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ACCOUNT_ID, REGION, type TestServer } from './server.ts';

/**
 * Requests as bytes: signed, sent over a bare socket, and answers taken apart without an HTTP library, so that nothing
 * between the test and the wire repairs or hides anything. Written apart from the server's own code on purpose.
 */
export type Header = [name: string, value: string];

export interface RawRequest {
  method: string;
  target: string;
  headers: Header[];
  body: Buffer;
}

export interface Signing {
  accessKeyId: string;
  secretAccessKey: string;
  at?: Date;
  region?: string;
  service?: string;
  terminator?: string;
  scopeDay?: string;
  /** Names to sign instead of all headers that are there. */
  only?: readonly string[];
  /** Instead of the x-amz-content-sha256 that is there, or the hash of the body. */
  payloadHash?: string;
  /** Instead of the target's. */
  path?: string;
}

export const sha256 = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
export const amzDate = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '');

/** SHA-256 tree hash, the plain recursive way. */
export function treeHash(bytes: Buffer): string {
  const mebibyte = 1 << 20;
  let nodes: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += mebibyte) {
    nodes.push(
      createHash('sha256')
        .update(bytes.subarray(at, at + mebibyte))
        .digest(),
    );
  }
  while (nodes.length > 1) {
    const pairs = nodes.filter((_, index) => index % 2 === 0);
    nodes = pairs.map((left, index) => {
      const right = nodes[2 * index + 1];
      return right === undefined ? left : createHash('sha256').update(left).update(right).digest();
    });
  }
  return nodes[0]!.toString('hex');
}

const encoded = (bytes: string): string =>
  [...bytes]
    .map((char) =>
      /[A-Za-z0-9\-._~]/.test(char) ? char : `%${Buffer.from(char, 'latin1').toString('hex').toUpperCase()}`,
    )
    .join('');

function canonicalPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '' && step !== '.') steps.push(step);
  }
  return `/${steps.map(encoded).join('/')}${path.endsWith('/') && steps.length > 0 ? '/' : ''}`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  const pairs = query
    .split('&')
    .map((pair) => [...pair.split('=').map((text) => encoded(unescape(text))), ''].slice(0, 2));
  return pairs
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
}

/** What the client signs; the server's error for a wrong signature quotes the same. */
export function canonicalRequest(request: RawRequest, signing: Partial<Signing> = {}): string {
  const [path = '', query = ''] = request.target.split('?', 2);
  const values = new Map<string, string[]>();
  for (const [name, value] of request.headers) {
    const list = values.get(name.toLowerCase()) ?? [];
    values.set(name.toLowerCase(), [...list, value.trim().replace(/\s+/g, ' ')]);
  }
  const names = signing.only ?? [...values.keys()].sort();
  const lines = names.filter((name) => values.has(name)).map((name) => `${name}:${values.get(name)?.join(',')}\n`);
  const stated = values.get('x-amz-content-sha256')?.[0];
  const payloadHash = signing.payloadHash ?? stated ?? sha256(request.body);
  const signedPath = canonicalPath(signing.path ?? path);
  return [request.method, signedPath, canonicalQuery(query), lines.join(''), names.join(';'), payloadHash].join('\n');
}

/** The request with an Authorization header at the end. */
export function sign(request: RawRequest, signing: Signing): RawRequest {
  const header = (wanted: string) => request.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
  const stamp = header('x-amz-date') ?? header('date') ?? amzDate(new Date());
  const { region = REGION, service = 'glacier', terminator = 'aws4_request', scopeDay = stamp.slice(0, 8) } = signing;
  const scope = [scopeDay, region, service, terminator];
  const canonical = canonicalRequest(request, signing);
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope.join('/'), sha256(Buffer.from(canonical, 'latin1'))].join('\n');
  const key = scope.reduce<Buffer | string>((last, step) => hmac(last, step), `AWS4${signing.secretAccessKey}`);
  const names = canonical.split('\n').at(-2);
  const authorization =
    `AWS4-HMAC-SHA256 Credential=${signing.accessKeyId}/${scope.join('/')}, ` +
    `SignedHeaders=${names}, Signature=${hmac(key, toSign).toString('hex')}`;
  return { ...request, headers: [...request.headers, ['Authorization', authorization]] };
}

/** The bytes of a request's head. */
export function headOf({ method, target, headers }: RawRequest, version = 'HTTP/1.1'): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${target} ${version}\r\n${lines.join('')}\r\n`, 'latin1');
}

export const bytesOf = (request: RawRequest): Buffer => Buffer.concat([headOf(request), request.body]);

export interface Asking {
  method?: string;
  target: string;
  /** Added to the ones every request has; null takes one of those away. */
  headers?: Record<string, string | null>;
  body?: Buffer | string;
  at?: Date;
}

/** A request of the API, not signed yet: Host, X-Amz-Date, version, and for bodies their length and hash. */
export function ask(server: TestServer, { method = 'GET', target, headers = {}, body = '', at }: Asking): RawRequest {
  const bytes = Buffer.from(body);
  const all: Record<string, string | null> = {
    Host: `127.0.0.1:${server.port}`,
    'X-Amz-Date': amzDate(at ?? new Date()),
    'x-amz-glacier-version': '2012-06-01',
    ...(bytes.length > 0 ? { 'Content-Length': String(bytes.length), 'x-amz-content-sha256': sha256(bytes) } : {}),
    ...headers,
  };
  const kept = Object.entries(all).filter((header): header is Header => header[1] !== null);
  return { method, target, headers: kept, body: bytes };
}

/** A whole upload of one archive, not signed yet. */
export function askUpload(server: TestServer, body: Buffer, { vault = 'wire', headers = {} } = {}): RawRequest {
  const target = `/-/vaults/${vault}/archives`;
  const hashes = { 'x-amz-sha256-tree-hash': treeHash(body) };
  return ask(server, { method: 'POST', target, body, headers: { ...hashes, ...headers } });
}

export interface Answer {
  status: number;
  reason: string;
  headers: Header[];
  body: Buffer;
  header(name: string): string | undefined;
  json(): Record<string, string>;
}

/** One TCP connection. What arrives is kept until somebody asks for it. */
export class Connection implements Disposable {
  readonly socket: Socket;
  error: Error | undefined;
  #chunks: Buffer[] = [];
  #taken = 0;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#chunks.push(chunk));
    socket.on('error', (error) => {
      this.error = error;
    });
    for (const event of ['data', 'end', 'close']) socket.on(event, () => this.#wake());
  }

  /** `from` is the address it comes from; Linux takes every one of 127.0.0.0/8. */
  static async open(server: { port: number }, { from = '127.0.0.1' } = {}): Promise<Connection> {
    const { port } = server;
    const socket = connect({ port, host: '127.0.0.1', localAddress: from, allowHalfOpen: true, noDelay: true });
    const connection = new Connection(socket);
    await once(socket, 'connect');
    return connection;
  }

  send(bytes: Buffer | string): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Everything that came, answers already taken included. */
  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Bytes that came and were not taken as an answer. */
  get rest(): Buffer {
    return this.received.subarray(this.#taken);
  }

  /** Whether the server has ended its side, or cut the connection. */
  get isOver(): boolean {
    return this.socket.readableEnded || this.socket.destroyed;
  }

  /** The next answer, interim ones too. `bodiless` for answers to HEAD. */
  async answer({ bodiless = false, withinMs = 20_000 } = {}): Promise<Answer> {
    let found = parseAnswer(this.rest, bodiless);
    await this.until(() => {
      found = parseAnswer(this.rest, bodiless);
      return found !== undefined || this.isOver;
    }, withinMs);
    if (found === undefined) throw new Error(`no answer (${this.error?.message}) but: ${this.rest.subarray(0, 500)}`);
    this.#taken += found.size;
    return found;
  }

  /** Resolves when the server has ended its side, or cut the connection. */
  async ended({ withinMs = 20_000 } = {}): Promise<void> {
    await this.until(() => this.isOver, withinMs);
  }

  /** Resolves when `holds`, which is asked whenever something arrived. */
  async until(holds: () => boolean, withinMs: number): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, withinMs);
    while (!holds()) {
      if (late) throw new Error(`nothing came within ${withinMs} ms after: ${this.rest.subarray(0, 500)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    clearTimeout(timer);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

function parseAnswer(bytes: Buffer, bodiless: boolean): (Answer & { size: number }) | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first) ?? [];
  const headers = lines.map((line): Header => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]);
  const header = (name: string) => headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1];
  if (header('transfer-encoding') !== undefined) throw new Error('the answer is chunked');
  const size = headEnd + 4 + (bodiless ? 0 : Number(header('content-length') ?? 0));
  if (bytes.length < size) return undefined;
  const body = bytes.subarray(headEnd + 4, size);
  return { status: Number(status), reason, headers, body, header, json: () => JSON.parse(body.toString()), size };
}

/** Sends one signed request over a connection of its own. */
export async function call(server: TestServer, asking: Asking | RawRequest): Promise<Answer> {
  const request =
    'body' in asking && Array.isArray(asking.headers) ? (asking as RawRequest) : ask(server, asking as Asking);
  return await send(server, bytesOf(sign(request, server)));
}

/** Sends bytes over a connection of their own and takes one answer. */
export async function send(
  server: { port: number },
  bytes: Buffer | string,
  { from = '127.0.0.1' } = {},
): Promise<Answer> {
  using connection = await Connection.open(server, { from });
  return await connection.send(bytes).answer();
}

export const ARN = `arn:aws:glacier:${REGION}:${ACCOUNT_ID}`;
