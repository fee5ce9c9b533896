import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateVaultCommand, DeleteVaultCommand } from '@aws-sdk/client-glacier';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { glacierClient, outputOf, refusalOf, runJob, uploadArchive } from '../support/clients.ts';
import { runProgram } from '../support/program.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { alarmsIn, changeMetadata, denial, locksOf, retention } from '../support/vault-lock.ts';

/** Hands in the files of a server that is stopped: the lock of a vault must be there again when it starts. */
const DAY_MS = 24 * 60 * 60 * 1000;
const vaultName = 'compliance';

let directory = '';
let dataDir = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'moraine-held-'));
  dataDir = join(directory, 'data');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const vaultOn = (server: TestServer) => {
  const client = glacierClient(server);
  return { client, ...locksOf(client, vaultName) };
};
const started = async () => {
  const server = await startServer({ dataDir });
  await glacierClient(server).send(new CreateVaultCommand({ accountId: '-', vaultName }));
  return server;
};
/** Runs a server that locks the vault around one archive, and returns the archive's id. */
async function lockedArchive(policy: string): Promise<{ archiveId: string; lockId: string }> {
  await using server = await started();
  const { client, lock } = vaultOn(server);
  const archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('kept') });
  const lockId = await lock(policy);
  expect(await server.stop()).toBe(0);
  return { archiveId, lockId };
}
const codeOf = async (call: Promise<unknown>) => (await refusalOf(call)).code;

describe('S-60 retention of a year', () => {
  test.each([
    [364, 'AccessDeniedException'],
    [365, undefined],
  ])('on day %i', async (days, refusal) => {
    const { archiveId } = await lockedArchive(retention(vaultName, 365));
    changeMetadata({ dataDir }, `update archives set created_at = created_at - ${days * DAY_MS}`);
    await using server = await started();
    const { remove } = vaultOn(server);
    if (refusal === undefined) await remove(archiveId);
    else expect(await codeOf(remove(archiveId))).toBe(refusal);
  });
});

describe('S-62 a clock that is two years', () => {
  const YEARS_MS = 2 * 365 * DAY_MS;

  test('ahead of what was kept allows nothing by age, also when it is right again, until it is confirmed', async () => {
    const { archiveId } = await lockedArchive(retention(vaultName, 365));
    changeMetadata(
      { dataDir },
      `update retention_clock set high_water_at = high_water_at - ${YEARS_MS};
       update archives set created_at = created_at - ${YEARS_MS}`,
    );
    for (const back of [0, YEARS_MS]) {
      changeMetadata({ dataDir }, `update retention_clock set high_water_at = high_water_at + ${back}`);
      await using server = await started();
      expect(alarmsIn(server)).toEqual([expect.stringMatching(/^the wall clock is not believed/)]);
      expect(await codeOf(vaultOn(server).remove(archiveId))).toBe('AccessDeniedException');
      await server.stop();
    }
    await using server = await started();
    expect((await runProgram(['clock', 'confirm', '--data-dir', dataDir])).code).toBe(0);
    await vaultOn(server).remove(archiveId);
  });

  test('behind what was kept goes on, and what is old enough may go', async () => {
    const { archiveId } = await lockedArchive(retention(vaultName, 365));
    changeMetadata({ dataDir }, `update retention_clock set high_water_at = high_water_at + ${YEARS_MS}`);
    await using server = await started();
    const { client, remove } = vaultOn(server);
    const young = await uploadArchive(client, { vaultName, body: Buffer.from('young') });
    expect(await codeOf(remove(young))).toBe('AccessDeniedException');
    await remove(archiveId);
    expect(alarmsIn(server)).toEqual([]);
  });
});

describe('S-64', () => {
  test.each([
    ['deleting the row of the lock', 'delete from vault_locks', 'the metadata has no lock'],
    [
      'editing the policy',
      `update vault_locks set state = 'InProgress', expires_at = 1, document = replace(document, '"Deny"', '"Allow"')`,
      'the metadata has another lock policy',
    ],
    [
      'making it unfinished, with another id',
      `update vault_locks set state = 'InProgress', expires_at = 1, id = 'x'`,
      'the metadata has another lock',
    ],
  ])('%s seals the vault', async (_, sql, reason) => {
    const { archiveId } = await lockedArchive(denial(vaultName, { Action: 'glacier:DeleteVault' }));
    changeMetadata({ dataDir }, sql);
    await using server = await started();
    expect(alarmsIn(server)).toEqual([expect.stringContaining(`a vault is sealed: ${reason}`)]);
    const { client, remove, initiate, abort, get } = vaultOn(server);
    for (const call of [
      () => remove(archiveId),
      abort,
      () => initiate(denial(vaultName)),
      () => uploadArchive(client, { vaultName, body: Buffer.from('x') }),
    ]) {
      expect(await refusalOf(call())).toMatchObject({
        code: 'AccessDeniedException',
        message: expect.stringContaining('the vault is sealed'),
      });
    }
    expect(await get()).toMatchObject({ State: 'Locked', Policy: expect.stringContaining('"Deny"') });
    const jobId = await runJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId: archiveId });
    expect((await outputOf(client, { vaultName, jobId })).bytes.toString()).toBe('kept');
    expect((await runProgram(['locks', 'repair', '--data-dir', dataDir])).code).toBe(0);
    await remove(archiveId);
    expect(await codeOf(client.send(new DeleteVaultCommand({ accountId: '-', vaultName })))).toBe(
      'AccessDeniedException',
    );
  });

  test('making it unfinished under its own id is finished again', async () => {
    const { archiveId, lockId } = await lockedArchive(denial(vaultName));
    changeMetadata({ dataDir }, `update vault_locks set state = 'InProgress', expires_at = 1`);
    await using server = await started();
    const { get, complete, remove } = vaultOn(server);
    expect(await get()).toMatchObject({ State: 'Locked' });
    await complete(lockId);
    expect(await codeOf(remove(archiveId))).toBe('AccessDeniedException');
    expect(alarmsIn(server)).toEqual([]);
  });

  test('F-41 the metadata of yesterday seal the vault', async () => {
    const yesterday = join(directory, 'yesterday.sqlite');
    let archiveId = '';
    {
      await using server = await started();
      archiveId = await uploadArchive(glacierClient(server), { vaultName, body: Buffer.from('kept') });
      await server.stop();
      cpSync(join(dataDir, 'metadata.sqlite'), yesterday);
    }
    await lockedArchive(denial(vaultName));
    for (const name of readdirSync(dataDir)) if (name.startsWith('metadata.sqlite')) rmSync(join(dataDir, name));
    cpSync(yesterday, join(dataDir, 'metadata.sqlite'));
    await using server = await started();
    expect(alarmsIn(server)).toEqual([expect.stringContaining('the metadata has no lock')]);
    expect(await codeOf(vaultOn(server).remove(archiveId))).toBe('AccessDeniedException');
    expect(await vaultOn(server).get()).toMatchObject({ State: 'Locked', Policy: denial(vaultName) });
  });

  test('the metadata of another data directory know another vault of that name, which is sealed', async () => {
    await lockedArchive(denial(vaultName));
    const mine = dataDir;
    dataDir = join(directory, 'other');
    await lockedArchive(denial(vaultName));
    rmSync(join(mine, 'metadata.sqlite'));
    renameSync(join(dataDir, 'metadata.sqlite'), join(mine, 'metadata.sqlite'));
    dataDir = mine;
    await using server = await started();
    expect(alarmsIn(server)).toEqual([
      expect.stringContaining('a locked vault of this name, made at another time, was never deleted'),
    ]);
    expect(await vaultOn(server).get()).toMatchObject({ State: 'Locked' });
  });

  test('a record that is gone is written again', async () => {
    const { archiveId } = await lockedArchive(denial(vaultName));
    const records = join(dataDir, 'blobs', 'locks');
    const [name = ''] = readdirSync(records);
    rmSync(join(records, name));
    await using server = await started();
    expect(existsSync(join(records, name))).toBe(true);
    expect(await codeOf(vaultOn(server).remove(archiveId))).toBe('AccessDeniedException');
  });
});
