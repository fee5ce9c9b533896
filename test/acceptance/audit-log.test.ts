import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AddTagsToVaultCommand, SetVaultAccessPolicyCommand } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AuditRecord, auditPath, auditRecords, auditRecordsNow } from '../support/audit.ts';
import { arnOf, glacierClient } from '../support/clients.ts';
import { runProgram } from '../support/program.ts';
import { ask, askUpload, bytesOf, Connection, call, headOf, send, sign, treeHash } from '../support/raw.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { createVault, until, upload } from '../support/wire.ts';

/** Who did what, in the shape of CloudTrail's records. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await createVault(server, 'wire');
});
afterAll(() => server[Symbol.asyncDispose]());

const byId = async (requestId: string | undefined): Promise<AuditRecord | undefined> => {
  const [record, ...more] = await auditRecords(server, ({ requestID }) => requestID === requestId);
  expect(more).toEqual([]);
  return record;
};
const isWanted = (name: string) => (record: AuditRecord) => record.eventName === name;

describe('a change', () => {
  test('is told with who, where, what and what came of it', async () => {
    const body = Buffer.from('the bytes of an archive');
    const headers = { 'User-Agent': 'test/1', 'x-amz-archive-description': 'of no concern to anybody else' };
    const answer = await call(server, askUpload(server, body, { headers }));
    const archiveId = answer.header('x-amz-archive-id');
    expect(await byId(answer.header('x-amzn-requestid'))).toEqual({
      eventVersion: '1.11',
      userIdentity: {
        type: 'Root',
        principalId: ACCOUNT_ID,
        arn: `arn:aws:iam::${ACCOUNT_ID}:root`,
        accountId: ACCOUNT_ID,
        accessKeyId: server.accessKeyId,
      },
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      eventSource: 'glacier.amazonaws.com',
      eventName: 'UploadArchive',
      awsRegion: 'us-east-1',
      sourceIPAddress: '127.0.0.1',
      userAgent: 'test/1',
      requestParameters: { accountId: '-', vaultName: 'wire', checksum: treeHash(body) },
      responseElements: {
        checksum: treeHash(body),
        location: `/${ACCOUNT_ID}/vaults/wire/archives/${archiveId}`,
        archiveId,
      },
      requestID: answer.header('x-amzn-requestid'),
      eventID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT_ID,
      eventCategory: 'Management',
    });
  });

  test('of settings is told with the members of its body', async () => {
    const client = glacierClient(server);
    const vault = { accountId: ACCOUNT_ID, vaultName: 'wire' };
    await client.send(new AddTagsToVaultCommand({ ...vault, Tags: { Team: 'Cold' } }));
    const [tagged] = await auditRecords(server, isWanted('AddTagsToVault'));
    expect(tagged?.requestParameters).toMatchObject({ ...vault, operation: 'add', tags: { Team: 'Cold' } });
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Principal: '*', Action: 'glacier:DeleteArchive', Resource: arnOf('wire') }],
    });
    await client.send(new SetVaultAccessPolicyCommand({ ...vault, policy: { Policy } }));
    const [set] = await auditRecords(server, isWanted('SetVaultAccessPolicy'));
    expect(set?.requestParameters).toMatchObject({ ...vault, policy: { policy: Policy } });
  });

  test('that a policy denies is told, and so is one that is wrong, and one that is broken off', async () => {
    const id = await upload(server, Buffer.from('kept'));
    const denied = await call(server, { method: 'DELETE', target: `/-/vaults/wire/archives/${id}` });
    expect(denied.status).toBe(403);
    const requestIdOf = (answer: typeof denied) => answer.header('x-amzn-requestid');
    expect(await byId(requestIdOf(denied))).toMatchObject({
      eventName: 'DeleteArchive',
      errorCode: 'AccessDeniedException',
      requestParameters: { accountId: '-', vaultName: 'wire', archiveId: id },
      responseElements: null,
    });
    const wrong = await call(server, { method: 'POST', target: '/-/vaults/wire/jobs', body: '{"Type":"x"}' });
    expect(await byId(requestIdOf(wrong))).toMatchObject({
      errorCode: 'InvalidParameterValueException',
      requestParameters: { jobParameters: { type: 'x' } },
    });
    using gone = await Connection.open(server);
    gone.send(headOf(sign(askUpload(server, Buffer.alloc(999)), server))).send(Buffer.alloc(9));
    await until(() => gone.socket.writableLength === 0);
    gone.socket.resetAndDestroy();
    const [broken] = await auditRecords(server, ({ errorCode }) => errorCode === 'ClientDisconnected');
    expect(broken).toMatchObject({ eventName: 'UploadArchive', responseElements: null });
  });
});

describe('a read', () => {
  test('is not told unless it is denied', async () => {
    const fine = await call(server, { target: '/-/vaults/wire' });
    const missing = await call(server, { target: '/-/vaults/nowhere' });
    const denied = await call(server, { target: '/999999999999/vaults/wire' });
    expect([fine.status, missing.status, denied.status]).toEqual([200, 404, 403]);
    expect(await byId(denied.header('x-amzn-requestid'))).toMatchObject({
      eventName: 'DescribeVault',
      errorCode: 'AccessDeniedException',
      errorMessage: 'Access denied for account ID: 999999999999',
      readOnly: true,
      recipientAccountId: '999999999999',
    });
    const told = auditRecordsNow(server).map(({ requestID }) => requestID);
    expect(told).not.toContain(fine.header('x-amzn-requestid'));
    expect(told).not.toContain(missing.header('x-amzn-requestid'));
  });

  test.each<[string, Parameters<typeof sign>[1] | undefined, string, string | undefined]>([
    ['without credentials', undefined, 'MissingAuthenticationTokenException', undefined],
    [
      'with an unknown key',
      { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' },
      'UnrecognizedClientException',
      'AKIAUNKNOWN',
    ],
    ['with a wrong secret', { accessKeyId: 'OURS', secretAccessKey: 'wrong' }, 'InvalidSignatureException', 'OURS'],
  ])('%s is told, with the key that was claimed', async (_, signing, errorCode, claimed) => {
    const accessKeyId = claimed === 'OURS' ? server.accessKeyId : claimed;
    const asked = ask(server, { target: '/-/vaults/wire?X-Note=1' });
    const request = signing === undefined ? asked : sign(asked, { ...signing, accessKeyId: accessKeyId ?? '' });
    const answer = await send(server, bytesOf(request));
    const record = await byId(answer.header('x-amzn-requestid'));
    expect(record).toMatchObject({ eventName: 'DescribeVault', errorCode, sourceIPAddress: '127.0.0.1' });
    expect(record?.userIdentity).toEqual({ type: 'Unknown', ...(accessKeyId && { accessKeyId }) });
    expect(record?.errorMessage).not.toContain('\n');
  });
});

describe('the file', () => {
  test('is private, goes on after a restart, and after it was moved away', async () => {
    await using first = await startServer();
    await createVault(first, 'one');
    expect(await first.stop()).toBe(0);
    expect(auditRecordsNow(first)).toHaveLength(1);
    expect(statSync(auditPath(first)).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(auditPath(first))).mode & 0o777).toBe(0o700);
    await using second = await startServer({ dataDir: first.dataDir });
    await createVault(second, 'two');
    await auditRecords(second, ({ requestParameters }) => requestParameters?.vaultName === 'two');
    expect(auditRecordsNow(second)).toHaveLength(2);
    renameSync(auditPath(second), `${auditPath(second)}.away`);
    await createVault(second, 'three');
    await until(() => readdirSync(dirname(auditPath(second))).includes('audit.log'));
    await auditRecords(second, ({ requestParameters }) => requestParameters?.vaultName === 'three');
    expect(auditRecordsNow(second)).toHaveLength(1);
  });

  test('begins anew when it is full, and the oldest goes', async () => {
    await using full = await startServer({ flags: ['--audit-log-size', '1MiB', '--audit-log-files', '2'] });
    await createVault(full, 'wire');
    const line = `${JSON.stringify({ requestParameters: { vaultName: 'old' } })}\n`;
    const directory = dirname(auditPath(full));
    writeFileSync(join(directory, 'audit.log.1'), line);
    await auditRecords(full, isWanted('CreateVault'));
    // As much as fits, so that the next record does not.
    const room = 2 ** 20 - statSync(auditPath(full)).size;
    writeFileSync(auditPath(full), `${JSON.stringify({ filler: 'x'.repeat(room - 15) })}\n`, { flag: 'a' });
    await full.stop();
    await using again = await startServer({
      dataDir: full.dataDir,
      flags: ['--audit-log-size', '1MiB', '--audit-log-files', '2'],
    });
    await createVault(again, 'next');
    await auditRecords(again, ({ requestParameters }) => requestParameters?.vaultName === 'next');
    expect(auditRecordsNow(again)).toHaveLength(1);
    expect(readdirSync(directory).sort()).toEqual(['audit.log', 'audit.log.1']);
    expect(readFileSync(join(directory, 'audit.log.1'), 'utf8')).toContain('"filler"');
  });

  test('is where it is told to be, or nowhere', async () => {
    await using none = await startServer({ flags: ['--audit-log', 'off'] });
    await createVault(none, 'wire');
    expect(await none.stop()).toBe(0);
    expect(readdirSync(none.dataDir)).not.toContain('audit');
    const path = join(server.dataDir, 'elsewhere.log');
    await using elsewhere = await startServer({ flags: ['--audit-log', path] });
    await createVault(elsewhere, 'wire');
    await until(() => readFileSync(path, 'utf8').includes('CreateVault'));
    const missing = join(server.dataDir, 'nowhere', 'audit.log');
    const args = [
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      join(server.dataDir, 'other'),
      '--audit-log',
      missing,
    ];
    const outcome = await runProgram(args);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(`moraine: the audit log ${missing} cannot be written: ENOENT`);
  });
});

describe('a command of the operator', () => {
  test('is told with a server and without, and the key that it makes only by its id', async () => {
    await using running = await startServer();
    const made: { accessKeyId: string; secretAccessKey: string }[] = [];
    const make = async () => {
      const outcome = await runProgram(['keys', 'create', '--data-dir', running.dataDir, '--json']);
      expect(outcome.code).toBe(0);
      made.push(JSON.parse(outcome.stdout));
    };
    await make();
    await auditRecords(running, isWanted('keys.create'));
    await running.stop();
    await make();
    expect((await runProgram(['keys', 'delete', '--data-dir', running.dataDir, 'AKIANOBODYS'])).code).not.toBe(0);
    const records = auditRecordsNow(running).filter(({ eventSource }) => eventSource === 'admin.moraine');
    expect(records).toMatchObject([
      { userIdentity: { type: 'Operator' }, responseElements: { accessKeyId: made[0]?.accessKeyId } },
      { userIdentity: { type: 'Operator' }, responseElements: { accessKeyId: made[1]?.accessKeyId } },
      { eventName: 'keys.delete', errorCode: 'Refused', requestParameters: { accessKeyId: 'AKIANOBODYS' } },
    ]);
    const text = readFileSync(auditPath(running), 'utf8');
    for (const { secretAccessKey } of made) expect(text).not.toContain(secretAccessKey);
  });
});
