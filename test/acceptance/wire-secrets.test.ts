import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { auditPath, auditRecordsNow } from '../support/audit.ts';
import { ask, askUpload, bytesOf, Connection, call, headOf, send, sign } from '../support/raw.ts';
import { startServer } from '../support/server.ts';
import { createVault, retrieve, storedFiles, upload } from '../support/wire.ts';

/** A server that logs all it can must still not log what is secret: keys, signatures, bodies. */
const DESCRIBED = { 'x-amz-archive-description': 'canary-of-a-description' };
const BODY = Buffer.from('canary-of-the-body '.repeat(100_000));

test('S-93 neither log nor audit log holds a secret, whatever goes right or wrong', async () => {
  const env = { MORAINE_ROOT_ACCESS_KEY_ID: 'AKIDCANARY', MORAINE_ROOT_SECRET_ACCESS_KEY: 'canary/of+the/secret' };
  const flags = ['--log-level', 'trace', '--upload-stall-timeout', '500ms', '--encryption', 'none'];
  await using server = await startServer({ flags, env });
  const secrets = new Set([
    'canary/of+the/secret',
    'canary-of-the-body',
    'canary-of-a-token',
    'canary-of-a-query',
    'canary-of-a-description',
  ]);
  const signed = (request: ReturnType<typeof ask>, key = server.secretAccessKey) => {
    const done = sign(request, { ...server, secretAccessKey: key });
    secrets.add(done.headers.at(-1)?.[1].slice(-64) ?? '');
    return done;
  };
  await createVault(server, 'wire');
  const ArchiveId = await upload(server, BODY);
  const target = await retrieve(server, {
    Type: 'archive-retrieval',
    ArchiveId,
    Description: 'canary-of-a-description',
  });
  await call(server, { target });
  const answers = [
    send(server, bytesOf(signed(askUpload(server, BODY, { headers: DESCRIBED })))),
    send(server, bytesOf(signed(askUpload(server, BODY, { headers: DESCRIBED }), 'another secret'))),
    send(server, bytesOf({ ...signed(askUpload(server, BODY)), body: Buffer.from(BODY).fill('C', 0, 1) })),
    send(
      server,
      bytesOf(signed(ask(server, { target: '/-/vaults', headers: { 'X-Amz-Security-Token': 'canary-of-a-token' } }))),
    ),
    send(server, bytesOf(signed(ask(server, { target: '/-/vaults?X-Amz-Signature=canary-of-a-query' })))),
    send(
      server,
      bytesOf(signed(ask(server, { method: 'POST', target: '/-/vaults/wire/jobs', body: BODY.subarray(0, 999) }))),
    ),
    send(
      server,
      `GET / HTTP/1.1\r\nAuthorization : ${signed(ask(server, { target: '/' })).headers.at(-1)?.[1]}\r\n\r\n`,
    ),
    send(server, Buffer.concat([headOf(signed(askUpload(server, BODY))), BODY.subarray(0, 9999)])),
  ];
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([201, 403, 403, 400, 400, 400, 400, 408]);
  using gone = await Connection.open(server);
  gone.send(headOf(signed(askUpload(server, BODY)))).send(BODY.subarray(0, 9999));
  gone.socket.resetAndDestroy();
  const [file = ''] = storedFiles(server);
  const bytes = readFileSync(file);
  expect(bytes.includes('canary-of-the-body')).toBe(true);
  expect(await server.stop()).toBe(0);
  const log = server.stderr();
  expect(log).not.toBe('');
  const outcomes = auditRecordsNow(server).map(({ errorCode }) => errorCode);
  expect(outcomes).toEqual(
    expect.arrayContaining([
      undefined,
      'InvalidSignatureException',
      'UnrecognizedClientException',
      'MissingAuthenticationTokenException',
      'SerializationException',
      'RequestTimeoutException',
      'ClientDisconnected',
    ]),
  );
  const audit = readFileSync(auditPath(server), 'utf8');
  for (const secret of secrets) {
    expect(log).not.toContain(secret);
    expect(audit).not.toContain(secret);
  }
});
