import {
  AddTagsToVaultCommand,
  CreateVaultCommand,
  DeleteArchiveCommand,
  DeleteVaultAccessPolicyCommand,
  DescribeVaultCommand,
  type GlacierClient,
  RemoveTagsFromVaultCommand,
  SetVaultAccessPolicyCommand,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arnOf, glacierClient, outputOf, type Refusal, refusalOf, runJob, uploadArchive } from '../support/clients.ts';
import { operatorOf } from '../support/operator.ts';
import { askUpload, Connection, headOf, sign } from '../support/raw.ts';
import { ACCOUNT_ID, startServer, type TestServer } from '../support/server.ts';
import { storedFiles, until } from '../support/wire.ts';

/** What access policies and tags decide, for the root of the account: nobody is above them but the operator. */
let server: TestServer;
let client: GlacierClient;
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

const vaultNamed = async (vaultName: string) => {
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return { accountId: '-', vaultName };
};
const upload = (vaultName: string) => uploadArchive(client, { vaultName, body: Buffer.from('bytes') });
const remove = (vaultName: string, archiveId: string) =>
  client.send(new DeleteArchiveCommand({ accountId: '-', vaultName, archiveId }));
const archivesIn = async (vaultName: string) =>
  (await client.send(new DescribeVaultCommand({ accountId: '-', vaultName }))).NumberOfArchives;
const deny = (vaultName: string, members: { Action: string } & Record<string, unknown>) => {
  const statement = { Effect: 'Deny', Principal: '*', Resource: arnOf(vaultName), ...members };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  return client.send(new SetVaultAccessPolicyCommand({ accountId: '-', vaultName, policy: { Policy } }));
};
const lift = (vaultName: string) => client.send(new DeleteVaultAccessPolicyCommand({ accountId: '-', vaultName }));
const denied = (vaultName: string, action: string): Refusal => ({
  status: 403,
  code: 'AccessDeniedException',
  message:
    `User: arn:aws:iam::${ACCOUNT_ID}:root is not authorized to perform: glacier:${action} on resource: ` +
    `${arnOf(vaultName)} with an explicit deny in the access policy of the vault`,
});

test("S-50 a Deny stops root's delete, and its removal lets it pass", async () => {
  await vaultNamed('denied');
  await vaultNamed('other');
  const [archiveId, elsewhere] = [await upload('denied'), await upload('other')];
  await deny('denied', { Action: 'glacier:DeleteArchive' });
  expect(await refusalOf(remove('denied', archiveId))).toEqual(denied('denied', 'DeleteArchive'));
  expect(await archivesIn('denied')).toBe(1);
  await remove('other', elsewhere);
  await lift('denied');
  await remove('denied', archiveId);
  expect(await archivesIn('denied')).toBe(0);
});

test('a policy that lets nobody take it back is taken back by the operator', async () => {
  await vaultNamed('shut');
  await deny('shut', { Action: 'glacier:*' });
  expect(await refusalOf(lift('shut'))).toEqual(denied('shut', 'DeleteVaultAccessPolicy'));
  const operator = operatorOf(server.dataDir);
  expect(await operator.ask(['policies', 'reset', '--vault', 'shut'])).toEqual({
    accountId: ACCOUNT_ID,
    vault: 'shut',
    accessPolicy: null,
  });
  expect(await archivesIn('shut')).toBe(0);
});

describe('a hold that hangs on a tag', () => {
  const tag = (vaultName: string, Tags: Record<string, string>) =>
    client.send(new AddTagsToVaultCommand({ accountId: '-', vaultName, Tags }));
  const untag = (vaultName: string, ...TagKeys: string[]) =>
    client.send(new RemoveTagsFromVaultCommand({ accountId: '-', vaultName, TagKeys }));
  const Condition = { StringLike: { 'glacier:ResourceTag/LegalHold': ['true', ''] } };

  test('binds root as long as the tag is there, from the next request on', async () => {
    await vaultNamed('hold');
    const archiveId = await upload('hold');
    await deny('hold', { Action: 'glacier:Delete*', Condition });
    await tag('hold', { LegalHold: 'false', Unrelated: 'true' });
    for (const value of ['true', '']) {
      await tag('hold', { LegalHold: value });
      expect(await refusalOf(remove('hold', archiveId))).toEqual(denied('hold', 'DeleteArchive'));
    }
    expect(await archivesIn('hold')).toBe(1);
    await untag('hold', 'LegalHold');
    await remove('hold', archiveId);
    expect(await archivesIn('hold')).toBe(0);
  });

  test('keys are compared without case, also where two tags differ in nothing else, and values with it', async () => {
    await vaultNamed('case');
    const archives = [await upload('case'), await upload('case')] as const;
    await deny('case', { Action: 'glacier:DeleteArchive', Condition });
    await tag('case', { LegalHold: 'True' });
    await remove('case', archives[0]);
    await tag('case', { LEGALHOLD: 'true' });
    expect(await refusalOf(remove('case', archives[1]))).toEqual(denied('case', 'DeleteArchive'));
    await untag('case', 'legalhold', 'LegalHold');
    expect(await refusalOf(remove('case', archives[1]))).toEqual(denied('case', 'DeleteArchive'));
    await untag('case', 'LEGALHOLD');
    await remove('case', archives[1]);
    expect(await archivesIn('case')).toBe(0);
  });

  test('S-63 is protected by denying the tag to change', async () => {
    await vaultNamed('guarded');
    const guard = { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['LegalHold'] } };
    await tag('guarded', { LegalHold: 'true', team: 'a' });
    await deny('guarded', { Action: 'glacier:*TagsToVault', Condition: guard });
    await tag('guarded', { team: 'b' });
    expect(await refusalOf(tag('guarded', { team: 'c', LegalHold: 'false' }))).toEqual(
      denied('guarded', 'AddTagsToVault'),
    );
    await deny('guarded', { Action: 'glacier:RemoveTagsFromVault', Condition: guard });
    await untag('guarded', 'team');
    expect(await refusalOf(untag('guarded', 'other', 'LegalHold'))).toEqual(denied('guarded', 'RemoveTagsFromVault'));
    const requested = { StringNotEquals: { 'aws:RequestTag/LegalHold': 'true' } };
    await deny('guarded', { Action: 'glacier:AddTagsToVault', Condition: requested });
    await tag('guarded', { LegalHold: 'true' });
    expect(await refusalOf(tag('guarded', { LegalHold: 'false' }))).toEqual(denied('guarded', 'AddTagsToVault'));
  });
});

describe('S-57 a policy that changes in the middle', () => {
  test('of an upload counts from the next request: this one was let in before', async () => {
    await vaultNamed('midway');
    const body = Buffer.alloc(3 << 20, 'x');
    const request = sign(askUpload(server, body, { vault: 'midway' }), server);
    using connection = await Connection.open(server);
    connection.send(headOf(request)).send(body.subarray(0, 2 << 20));
    // Its bytes have a file only when it was let in.
    await until(() => storedFiles(server).some((path) => path.includes('incoming')));
    await deny('midway', { Action: 'glacier:UploadArchive' });
    expect(await refusalOf(upload('midway'))).toEqual(denied('midway', 'UploadArchive'));
    connection.send(body.subarray(2 << 20));
    expect((await connection.answer()).status).toBe(201);
    expect(await archivesIn('midway')).toBe(1);
  });

  test('of a job counts when its output is fetched, each time anew', async () => {
    const vaultName = 'outputs';
    await vaultNamed(vaultName);
    const ArchiveId = await upload(vaultName);
    const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId });
    const fetched = () => outputOf(client, { vaultName, jobId });
    expect((await fetched()).bytes.toString()).toBe('bytes');
    await deny(vaultName, { Action: 'glacier:GetJobOutput' });
    expect(await refusalOf(fetched())).toEqual(denied(vaultName, 'GetJobOutput'));
    await lift(vaultName);
    expect((await fetched()).bytes.toString()).toBe('bytes');
  });
});
