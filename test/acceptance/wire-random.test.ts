import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { absenceOf } from '../support/foreign-programs.ts';
import { bytesOf, Connection, type Header, headOf, type RawRequest } from '../support/raw.ts';
import { Sha256 } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

/**
 * Requests at random, signed by the two libraries that most clients use. Every one must be let through, whatever becomes
 * of it then, and none once a byte of it has changed.
 */
const SCRIPT = fileURLToPath(new URL('../support/botocore-sign.py', import.meta.url));
const COUNT = 1500;
const SEED = 20_120_601;
const run = promisify(execFile);
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Small, fast, and the same in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const AT_THE_GATE =
  /^(InvalidSignature|MissingAuthenticationToken|UnrecognizedClient|ExpiredToken|Throttling)Exception$|^BadRequest$/;

/** The codes of the answers, over connections that go on where the server lets them; each from an address of its own. */
async function codesOf(requests: readonly Buffer[]): Promise<(string | undefined)[]> {
  const codes: (string | undefined)[] = [];
  let connection = await Connection.open(server);
  for (const [index, bytes] of requests.entries()) {
    if (index % 100 === 99 || connection.isOver) {
      connection[Symbol.dispose]();
      connection = await Connection.open(server, { from: `127.1.${index >> 8}.${1 + (index & 127)}` });
    }
    const answer = await connection.send(bytes).answer();
    codes.push(answer.body.length === 0 ? undefined : answer.json().code);
    if (answer.header('connection') === 'close') await connection.ended();
  }
  connection[Symbol.dispose]();
  return codes;
}

/** The request with one byte changed that counts: at the end of the path, in a header that is signed, or of the signature. */
function mutated(request: RawRequest, random: (below: number) => number): Buffer {
  const authorization = request.headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '';
  const signed = /SignedHeaders=([^,]*)/.exec(authorization)?.[1]?.split(';') ?? [];
  const name = signed[random(signed.length)] ?? 'host';
  const change = (header: Header): Header => {
    if (header[0].toLowerCase() !== name) return header;
    return [header[0], header[1] === '' ? 'a' : header[1].replace(/\S/, (byte) => (byte === 'a' ? 'b' : 'a'))];
  };
  const digit = (header: Header): Header =>
    header[1] === authorization ? [header[0], authorization.replace(/.$/, (hex) => (hex === '0' ? '1' : '0'))] : header;
  switch (random(3)) {
    case 0:
      return bytesOf({ ...request, target: request.target.replace(/(?=\?|$)/, 'q') });
    case 1:
      return bytesOf({ ...request, headers: request.headers.map(change) });
    default:
      return bytesOf({ ...request, headers: request.headers.map(digit) });
  }
}

async function check(requests: readonly RawRequest[]): Promise<void> {
  const accepted = await codesOf(requests.map(bytesOf));
  const refusedWrongly = requests.filter((_, index) => AT_THE_GATE.test(accepted[index] ?? ''));
  expect(refusedWrongly.map((request) => headOf(request).toString()).slice(0, 3)).toEqual([]);
  const random = randomFrom(SEED);
  const changed = requests.map((request) => mutated(request, random));
  const refused = await codesOf(changed);
  const acceptedWrongly = changed.filter((_, index) => !AT_THE_GATE.test(refused[index] ?? ''));
  expect(acceptedWrongly.map(String).slice(0, 3)).toEqual([]);
}

test(`S-26 ${COUNT} requests that botocore signs, and a change of each`, async (context) => {
  const absence = await absenceOf('python3', ['-c', 'import botocore']);
  if (absence !== undefined) context.skip(absence);
  const { accessKeyId, secretAccessKey, port } = server;
  const args = [SCRIPT, port, accessKeyId, secretAccessKey, COUNT, SEED].map(String);
  const { stdout } = await run('python3', args, { maxBuffer: 64 * 1024 * 1024 });
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(COUNT);
  await check(
    lines.map((line) => JSON.parse(line)).map((request) => ({ ...request, body: Buffer.from(request.body) })),
  );
});

test(`S-26 ${COUNT} requests that the AWS SDK signs, and a change of each`, async () => {
  const { accessKeyId, secretAccessKey, port } = server;
  const credentials = { accessKeyId, secretAccessKey };
  const signer = new SignatureV4({ service: 'glacier', region: 'us-east-1', credentials, sha256: Sha256 });
  const random = randomFrom(SEED + 1);
  const letters = [...'azAZ09-._~ +%/?&=;:!*\'()$@,"<>[]^`{|}\\#é€'];
  const text = (most: number) => Array.from({ length: random(most) }, () => letters[random(letters.length)]).join('');
  const requests: RawRequest[] = [];
  for (let number = 0; number < COUNT; number += 1) {
    const method = ['GET', 'PUT', 'POST', 'DELETE'][random(4)] ?? 'GET';
    const pieces = Array.from({ length: random(5) }, () =>
      random(2) === 0
        ? (['', '.', '..', '-', 'vaults', 'wire', '%2E%2E'][random(7)] ?? '')
        : encodeURIComponent(text(8)),
    );
    const path = `/${pieces.join('/')}`;
    const query = Object.fromEntries(Array.from({ length: random(4) }, (_, index) => [`a${index}`, text(8)]));
    const body = method === 'GET' ? '' : text(40);
    const { headers } = await signer.sign({
      method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path,
      query,
      headers: { host: `127.0.0.1:${port}`, 'x-amz-glacier-version': '2012-06-01', 'x-note': `n${number}  ${number}` },
      body,
    });
    const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    const length: Header[] = body === '' ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
    const target = search.length === 0 ? path : `${path}?${search.join('&')}`;
    requests.push({ method, target, headers: [...Object.entries(headers), ...length], body: Buffer.from(body) });
  }
  await check(requests);
});
