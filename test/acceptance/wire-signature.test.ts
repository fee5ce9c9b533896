import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askUpload, bytesOf, Connection, call, headOf, send, sign } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, errorOf, storedFiles } from '../support/wire.ts';

/** What a signature covers: every byte that matters, and the very path that is routed. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
  await createVault(server, 'other');
});
afterAll(() => server[Symbol.asyncDispose]());

const MUTATIONS = 1000;

/** Small, fast, and the same in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Offsets in a head that the signature covers: all but line ends, the HTTP version, and Content-Length. */
function signedOffsets(head: string): number[] {
  const offsets: number[] = [];
  let at = 0;
  for (const [index, line] of head.split('\r\n').entries()) {
    const covered = line.startsWith('Content-Length') ? 0 : line.length - (index === 0 ? ' HTTP/1.1'.length : 0);
    for (let column = 0; column < covered; column += 1) offsets.push(at + column);
    at += line.length + 2;
  }
  return offsets;
}

test(`S-02 ${MUTATIONS} requests with one signed byte changed are all refused`, async () => {
  const body = Buffer.from('the body of an archive');
  const headers = { 'x-amz-archive-description': 'a description' };
  const requests = [
    sign(askUpload(server, body, { headers }), server),
    sign(ask(server, { method: 'PUT', target: '/-/vaults/mutant' }), server),
    sign(ask(server, { target: '/-/vaults?limit=10&marker=' }), server),
  ];
  const random = randomFrom(2012_06_01);
  for (let round = 0; round < MUTATIONS; round += 1) {
    const request = requests[round % requests.length]!;
    const bytes = bytesOf(request);
    const offsets = signedOffsets(headOf(request).toString('latin1'));
    const at = offsets[random(offsets.length)]!;
    const before = String.fromCharCode(bytes[at]!);
    let after = before;
    // Upper and lower case of a header's name mean the same, and one of them was signed.
    while (after.toLowerCase() === before.toLowerCase()) after = String.fromCharCode(0x21 + random(0x7e - 0x21));
    bytes.write(after, at, 'latin1');
    // So many failures of one address would be throttled.
    const { status } = await send(server, bytes, { from: `127.0.${1 + Math.floor(round / 200)}.1` });
    expect([400, 403], `${before} -> ${after} at ${at}: ${bytes.subarray(at - 20, at + 20)}`).toContain(status);
  }
  expect(storedFiles(server)).toEqual([]);
  expect((await call(server, { target: '/-/vaults' })).json().VaultList).toHaveLength(2);
});

describe('the path that is routed is the path that was signed', () => {
  /** Sends `target` as it stands, signed for `path`. */
  const outcome = async (target: string, path: string) => {
    const answer = await send(server, bytesOf(sign(ask(server, { target }), { ...server, path })));
    return answer.status === 200 ? answer.json().VaultName : errorOf(answer).code;
  };

  test.each([
    '//-//vaults///wire',
    '/-/./vaults/./wire',
    '/-/vaults/other/../wire',
    '/../../-/vaults/wire',
    '/-/vaults/wire?',
    '/%2D/vaults/wire',
    '/-/vaults/%77ire',
  ])('S-24 %s', async (target) => {
    const [path = ''] = target.split('?');
    expect(await outcome(target, path)).toBe('wire');
    // The path that it stands for once decoded is not the one that travels.
    if (target.includes('%')) expect(await outcome(target, decodeURIComponent(path))).toBe('InvalidSignatureException');
  });

  test.each([
    ['/-/vaults/wire', '/-/vaults/other'],
    ['/-/vaults/other/../wire', '/-/vaults/other'],
    ['/-/vaults/wire/', '/-/vaults/wire'],
    ['/-/vaults/wire', '/-/vaults/wire/'],
    ['/-/vaults/%77ire', '/-/vaults/wire'],
    ['/-/vaults/a%2Fb', '/-/vaults/a/b'],
    ['/-/vaults/%2e%2e/vaults', '/-/vaults'],
  ])('S-24 %s signed as %s is refused', async (target, path) => {
    expect(await outcome(target, path)).toBe('InvalidSignatureException');
  });

  test.each([
    ['/-/vaults/%2e%2e', 'ResourceNotFoundException'],
    ['/-/vaults/%2E%2E/wire', 'UnknownOperationException'],
    ['/-/vaults/..%2Fwire', 'ResourceNotFoundException'],
    ['/-/vaults/wire%2F', 'ResourceNotFoundException'],
    ['/-/vaults/a%2Fb', 'ResourceNotFoundException'],
    ['/-/vaults/a%252Fb', 'ResourceNotFoundException'],
    ['/-/vaults/a%00b', 'ResourceNotFoundException'],
    ['/-/vaults/wire;a=b', 'ResourceNotFoundException'],
    ['/-/vaults/a+b', 'ResourceNotFoundException'],
    ['/-/vaults/%zz', 'BadRequest'],
    ['/-/vaults/%', 'BadRequest'],
    ['/-/vaults/%ff', 'BadRequest'],
    ['/-/vaults/%EF%BC%91', 'ResourceNotFoundException'],
    ['/%EF%BC%91%EF%BC%91/vaults', 'AccessDeniedException'],
    ['/0-/vaults', 'AccessDeniedException'],
    ['//vaults', 'UnknownOperationException'],
    ['/1111222233334/vaults', 'AccessDeniedException'],
    ['/-/VAULTS/wire', 'UnknownOperationException'],
  ])('S-24 %s means nothing else: %s', async (target, code) => {
    expect(await outcome(target, target)).toBe(code);
  });
});

describe('targets that cannot be signed', () => {
  test.each([
    ['an absolute one', (target: string) => `http://127.0.0.1:${server.port}${target}`],
    ['an absolute one of another host', (target: string) => `http://elsewhere${target}`],
    ['one with a fragment', (target: string) => `${target}#part`],
  ])('S-19 %s', async (_, form) => {
    const signed = sign(ask(server, { target: '/-/vaults/wire' }), server);
    expect(errorOf(await send(server, bytesOf({ ...signed, target: form(signed.target) })))).toMatchObject({
      status: 400,
      code: 'BadRequest',
    });
    const asSent = ask(server, { target: form(signed.target) });
    expect(errorOf(await send(server, bytesOf(sign(asSent, server)))).code).toBe('BadRequest');
  });
});

describe('queries', () => {
  const outcome = async (sent: string, signed: string) => {
    const request = sign(ask(server, { target: `/-/vaults?${signed}` }), server);
    const answer = await send(server, bytesOf({ ...request, target: `/-/vaults?${sent}` }));
    return answer.status === 200 ? 200 : errorOf(answer).code;
  };

  test('S-24 are signed in any order and spelling of the same', async () => {
    const marker = 'arn%3Aaws%3Aglacier%3Aus-east-1%3A111122223333%3Avaults%2Fwire';
    for (const query of [`marker=${marker}&limit=1`, `limit=1&marker=${marker}`, 'limit=1&marker=', 'flag', '']) {
      expect([query, await outcome(query, query)]).toEqual([query, 200]);
    }
  });

  test('S-24 and not as another one', async () => {
    for (const [sent, signed] of [
      ['limit=2', 'limit=1'],
      ['limit=1', ''],
      ['', 'limit=1'],
      ['limit=1&flag', 'limit=1'],
      ['marker=a%26limit=1', 'marker=a&limit=1'],
    ] as const) {
      expect([sent, await outcome(sent, signed)]).toEqual([sent, 'InvalidSignatureException']);
    }
  });

  test('S-24 hold no parameter twice, for in what is signed the order of the two is lost', async () => {
    for (const sent of ['limit=1&limit=2', 'limit=2&limit=1', 'limit=2&l%69mit=1']) {
      expect([sent, await outcome(sent, 'limit=1&limit=2')]).toEqual([sent, 'BadRequest']);
    }
  });
});

test('one connection serves good and bad requests in turn', async () => {
  using connection = await Connection.open(server);
  const good = bytesOf(sign(ask(server, { target: '/-/vaults/wire' }), server));
  const bad = bytesOf(sign(ask(server, { target: '/-/vaults/wire' }), { ...server, secretAccessKey: 'wrong' }));
  for (let round = 0; round < 10; round += 1) {
    expect((await connection.send(good).answer()).status).toBe(200);
    expect((await connection.send(bad).answer()).status).toBe(403);
  }
});
