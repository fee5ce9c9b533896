import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ARN, ask, askUpload, bytesOf, Connection, call, type RawRequest, sign, treeHash } from '../support/raw.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { createVault, REQUEST_ID, retrieve, upload } from '../support/wire.ts';

/** Whole answers, byte for byte; only ids, hashes and instants are written as their kind. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

/** What came over the wire, with the parts that change replaced. */
async function transcript(request: RawRequest, { bodiless = false } = {}): Promise<string> {
  using connection = await Connection.open(server);
  connection.send(bytesOf(sign(request, server)));
  await connection.answer({ bodiless });
  return connection.received
    .toString('latin1')
    .replace(/^(x-amzn-RequestId: )[A-Za-z0-9_-]{47}\r$/m, '$1<47>\r')
    .replace(/^(Date: )\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/m, '$1<date>\r')
    .replace(/[A-Za-z0-9_-]{138}/g, '<138>')
    .replace(/[A-Za-z0-9_-]{92}/g, '<92>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<instant>');
}

const lines = (...all: string[]): string => all.join('\r\n');
const KEPT = ['Date: <date>', 'Connection: keep-alive', 'Keep-Alive: timeout=60', ''];
const ONE = Buffer.from('one archive');
const ONE_HASH = treeHash(ONE);

describe('successes', () => {
  test('201 of CreateVault', async () => {
    expect(await transcript(ask(server, { method: 'PUT', target: '/-/vaults/answers' }))).toBe(
      lines(
        'HTTP/1.1 201 Created',
        'x-amzn-RequestId: <47>',
        'Location: /111122223333/vaults/answers',
        'Content-Type: application/json',
        'Content-Length: 2',
        ...KEPT,
        '{}',
      ),
    );
  });

  test('201 of UploadArchive', async () => {
    expect(await transcript(askUpload(server, ONE))).toBe(
      lines(
        'HTTP/1.1 201 Created',
        'x-amzn-RequestId: <47>',
        `x-amz-sha256-tree-hash: ${ONE_HASH}`,
        'Location: /111122223333/vaults/wire/archives/<138>',
        'x-amz-archive-id: <138>',
        'Content-Type: application/json',
        'Content-Length: 2',
        ...KEPT,
        '{}',
      ),
    );
  });

  test('201 of a multipart upload, 204 of its part and of its end', async () => {
    const target = '/-/vaults/wire/multipart-uploads';
    const start = ask(server, { method: 'POST', target, headers: { 'x-amz-part-size': '1048576' } });
    expect(await transcript(start)).toBe(
      lines(
        'HTTP/1.1 201 Created',
        'x-amzn-RequestId: <47>',
        'Location: /111122223333/vaults/wire/multipart-uploads/<92>',
        'x-amz-multipart-upload-id: <92>',
        'Content-Type: application/json',
        'Content-Length: 2',
        ...KEPT,
        '{}',
      ),
    );
    const id = (await call(server, start)).header('x-amz-multipart-upload-id');
    const headers = { 'x-amz-sha256-tree-hash': ONE_HASH, 'Content-Range': 'bytes 0-10/*' };
    expect(await transcript(ask(server, { method: 'PUT', target: `${target}/${id}`, headers, body: ONE }))).toBe(
      lines('HTTP/1.1 204 No Content', 'x-amzn-RequestId: <47>', `x-amz-sha256-tree-hash: ${ONE_HASH}`, ...KEPT, ''),
    );
    const whole = { 'x-amz-sha256-tree-hash': ONE_HASH, 'x-amz-archive-size': '11' };
    expect(await transcript(ask(server, { method: 'POST', target: `${target}/${id}`, headers: whole }))).toBe(
      lines(
        'HTTP/1.1 201 Created',
        'x-amzn-RequestId: <47>',
        `x-amz-sha256-tree-hash: ${ONE_HASH}`,
        'Location: /111122223333/vaults/wire/archives/<138>',
        'x-amz-archive-id: <138>',
        'Content-Type: application/json',
        'Content-Length: 2',
        ...KEPT,
        '{}',
      ),
    );
  });

  test('202 of InitiateJob', async () => {
    const body = '{"Type":"inventory-retrieval"}';
    expect(await transcript(ask(server, { method: 'POST', target: '/-/vaults/wire/jobs', body }))).toBe(
      lines(
        'HTTP/1.1 202 Accepted',
        'x-amzn-RequestId: <47>',
        'Location: /111122223333/vaults/wire/jobs/<92>',
        'x-amz-job-id: <92>',
        'Content-Type: application/json',
        'Content-Length: 2',
        ...KEPT,
        '{}',
      ),
    );
  });

  test('204 of DeleteVault has no body, and none is announced', async () => {
    await createVault(server, 'short-lived');
    expect(await transcript(ask(server, { method: 'DELETE', target: '/-/vaults/short-lived' }))).toBe(
      lines('HTTP/1.1 204 No Content', 'x-amzn-RequestId: <47>', ...KEPT, ''),
    );
  });

  test('200 of DescribeVault', async () => {
    await createVault(server, 'empty');
    const body =
      '{"CreationDate":"<instant>","LastInventoryDate":null,"NumberOfArchives":0,"SizeInBytes":0,' +
      '"VaultARN":"arn:aws:glacier:us-east-1:111122223333:vaults/empty","VaultName":"empty"}';
    expect(await transcript(ask(server, { target: '/111122223333/vaults/empty' }))).toBe(
      lines(
        'HTTP/1.1 200 OK',
        'x-amzn-RequestId: <47>',
        'Content-Type: application/json',
        `Content-Length: ${body.length + 'YYYY-MM-DDThh:mm:ss.mmmZ'.length - '<instant>'.length}`,
        ...KEPT,
        body,
      ),
    );
  });

  test('200 and 206 of GetJobOutput', async () => {
    const described = askUpload(server, ONE, { headers: { 'x-amz-archive-description': 'week 12' } });
    const ArchiveId = (await call(server, described)).header('x-amz-archive-id');
    const target = await retrieve(server, { Type: 'archive-retrieval', ArchiveId });
    const shared = ['x-amz-archive-description: week 12', 'Accept-Ranges: bytes'];
    const whole = [`x-amz-sha256-tree-hash: ${ONE_HASH}`, ...shared];
    const sized = (size: number) => ['Content-Type: application/octet-stream', `Content-Length: ${size}`, ...KEPT];
    expect(await transcript(ask(server, { target }))).toBe(
      lines('HTTP/1.1 200 OK', 'x-amzn-RequestId: <47>', ...whole, ...sized(11), 'one archive'),
    );
    expect(await transcript(ask(server, { target, headers: { Range: 'bytes=4-8' } }))).toBe(
      lines(
        'HTTP/1.1 206 Partial Content',
        'x-amzn-RequestId: <47>',
        ...shared,
        'Content-Range: bytes 4-8/11',
        ...sized(5),
        'archi',
      ),
    );
  });

  test('an inventory has neither hash nor description', async () => {
    const target = await retrieve(server, { Type: 'inventory-retrieval', Format: 'CSV' });
    const text = await transcript(ask(server, { target, headers: { Range: 'bytes=0-8' } }));
    expect(text).toContain(lines('x-amzn-RequestId: <47>', 'Accept-Ranges: bytes', 'Content-Range: bytes 0-8/'));
    expect(text).toContain(lines('Content-Type: text/csv', 'Content-Length: 9', ...KEPT, 'ArchiveId'));
  });
});

describe('errors', () => {
  const failure = (status: string, body: string) =>
    lines(
      `HTTP/1.1 ${status}`,
      'x-amzn-RequestId: <47>',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      ...KEPT,
      body,
    );

  test('of the application name the code first', async () => {
    const message = `Vault not found for ARN: ${ARN}:vaults/nowhere`;
    expect(await transcript(ask(server, { target: '/-/vaults/nowhere' }))).toBe(
      failure('404 Not Found', JSON.stringify({ code: 'ResourceNotFoundException', message, type: 'Client' })),
    );
  });

  test('in front of the application name the message first', async () => {
    const message = 'Access denied for account ID: 999999999999';
    expect(await transcript(ask(server, { target: '/999999999999/vaults' }))).toBe(
      failure('403 Forbidden', JSON.stringify({ message, code: 'AccessDeniedException', type: 'Client' })),
    );
  });

  test('an operation that does not exist', async () => {
    const message = 'The requested operation is not known to this service.';
    const body = JSON.stringify({ message, code: 'UnknownOperationException', type: 'Client' });
    for (const [method, target] of [
      ['OPTIONS', '/-/vaults/wire'],
      ['PATCH', '/-/vaults/wire'],
      ['GET', '/-/priority-capacity'],
      ['GET', '/-/vaults/wire/'],
      ['GET', '/'],
    ] as const) {
      expect(await transcript(ask(server, { method, target }))).toBe(failure('404 Not Found', body));
    }
    const head = await transcript(ask(server, { method: 'HEAD', target: '/-/vaults/wire' }), { bodiless: true });
    expect(head).toBe(failure('404 Not Found', body).replace(body, ''));
  });

  test('the 142 bytes that were seen from the real service', async () => {
    const flags = ['--region', 'us-west-1', '--account-id', '954508486505'];
    await using western = await startServer({ flags });
    const western1 = { ...western, region: 'us-west-1' };
    const put = ask(western, { method: 'PUT', target: '/-/vaults/Videos' });
    const other = ask(western, { method: 'PUT', target: '/-/vaults/other' });
    const stored = askUpload(western, ONE, { vault: 'other' });
    using connection = await Connection.open(western);
    connection.send(bytesOf(sign(put, western1))).send(bytesOf(sign(other, western1)));
    connection.send(bytesOf(sign(stored, western1)));
    await connection.answer();
    await connection.answer();
    const id = (await connection.answer()).header('x-amz-archive-id');
    const wrong = ask(western, { method: 'DELETE', target: `/-/vaults/Videos/archives/${id}` });
    connection.send(bytesOf(sign(wrong, western1)));
    const answer = await connection.answer();
    expect([answer.status, answer.header('content-length')]).toEqual([400, '142']);
    expect(answer.body.toString()).toBe(
      '{"code":"InvalidParameterValueException","message":"Invalid vault name: ' +
        'arn:aws:glacier:us-west-1:954508486505:vaults/Videos","type":"Client"}',
    );
  });

  test('every answer has an id of its own', async () => {
    using connection = await Connection.open(server);
    const ids = new Set<string | undefined>();
    for (let round = 0; round < 20; round += 1) {
      connection.send(bytesOf(sign(ask(server, { target: round % 2 ? '/-/vaults' : '/-/nothing' }), server)));
      ids.add((await connection.answer()).header('x-amzn-RequestId'));
    }
    expect(ids.size).toBe(20);
    for (const id of ids) expect(id).toMatch(REQUEST_ID);
  });
});

describe('our own pages', () => {
  const page = (text: string) => fetch(`${server.url}${text}`);

  test('S-05 tell without credentials that the server works, and nothing else', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const answer = await page(path);
      expect([answer.status, await answer.text()]).toEqual([200, '{"status":"ok"}']);
      expect(answer.headers.get('x-amzn-requestid')).toMatch(REQUEST_ID);
      expect((await fetch(`${server.url}${path}`, { method: 'HEAD' })).status).toBe(200);
    }
  });

  test('S-05 are the only ones', async () => {
    const id = await upload(server, ONE);
    const others = [
      '/',
      '/metrics',
      '/debug',
      '/admin',
      '/console',
      '/health',
      '/healthz/',
      '/readyz/x',
      '/healthz?x=1',
    ];
    for (const path of [...others, '//healthz', '/-/healthz', `/-/vaults/wire/archives/${id}`]) {
      const answer = await page(path);
      expect([path, answer.status]).toEqual([path, 400]);
      expect(await answer.json()).toMatchObject({ code: 'MissingAuthenticationTokenException' });
    }
    expect((await fetch(`${server.url}/healthz`, { method: 'POST' })).status).toBe(400);
  });
});
