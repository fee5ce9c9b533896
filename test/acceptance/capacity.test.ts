import {
  CreateVaultCommand,
  type GlacierClient,
  ListProvisionedCapacityCommand,
  PurchaseProvisionedCapacityCommand,
} from '@aws-sdk/client-glacier';
import { describe, expect, test } from 'vitest';
import { glacierClient, refusalOf, startJob, uploadArchive } from '../support/clients.ts';
import { noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { stateOf } from '../support/state.ts';

/** Provisioned capacity units, and Expedited jobs when the slots for them are taken. */
const path = '/-/provisioned-capacity';
const vaultName = 'capacity';
const ID = /^[A-Za-z0-9_][A-Za-z0-9_-]{23}$/;
const LONG = ['--retrieval-times', 'expedited=1h,standard=1h,bulk=1h,inventory=1h'];
const list = async (server: TestServer): Promise<string> => (await send(server, { method: 'GET', path })).text;
const buy = async (client: GlacierClient): Promise<string> =>
  (await client.send(new PurchaseProvisionedCapacityCommand({ accountId: '-' }))).capacityId ?? '';

interface ShownUnit {
  CapacityId: string;
  ExpirationDate: string;
  StartDate: string;
}

describe('units', () => {
  test('are bought and listed byte for byte, two of them, and are there after a kill', async () => {
    await using server = await startServer();
    const client = glacierClient(server);
    expect(await list(server)).toBe('{"ProvisionedCapacityList":[]}');
    const bought = await send(server, { method: 'POST', path });
    const id = bought.header('x-amz-capacity-id') ?? '';
    expect([bought.status, bought.text]).toEqual([201, '{}']);
    expect(id).toMatch(ID);
    const { ProvisionedCapacityList } = await client.send(new ListProvisionedCapacityCommand({ accountId: '-' }));
    const [unit] = ProvisionedCapacityList ?? [];
    const { StartDate, ExpirationDate } = unit as ShownUnit;
    expect(await list(server)).toBe(
      `{"ProvisionedCapacityList":[{"CapacityId":"${id}","ExpirationDate":"${ExpirationDate}",` +
        `"StartDate":"${StartDate}"}]}`,
    );
    expectOneMonth(StartDate, ExpirationDate);

    const second = await buy(client);
    const both = await list(server);
    expect(JSON.parse(both).ProvisionedCapacityList.map((shown: ShownUnit) => shown.CapacityId)).toEqual([id, second]);
    expect(await refusalOf(buy(client))).toEqual({
      status: 400,
      code: 'LimitExceededException',
      message: 'The account has 2 active provisioned capacity units, which is the limit.',
    });
    expect(await list(server)).toBe(both);

    await server.kill();
    await using again = await startServer({ dataDir: server.dataDir });
    expect(await list(again)).toBe(both);
    expect(await refusalOf(buy(glacierClient(again)))).toMatchObject({ code: 'LimitExceededException' });
  });

  test('bought at once are two', async () => {
    await using server = await startServer();
    const client = glacierClient(server);
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => buy(client)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(JSON.parse(await list(server)).ProvisionedCapacityList).toHaveLength(2);
  });
});

function expectOneMonth(startText: string, endText: string): void {
  expect(startText).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(endText).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  expect(endText.slice(10, 19)).toBe(startText.slice(10, 19));
  const [start, end] = [new Date(startText), new Date(endText)];
  expect(end.getUTCMonth()).toBe((start.getUTCMonth() + 1) % 12);
  expect(end.getUTCDate()).toBeLessThanOrEqual(start.getUTCDate());
}

/** A server with an archive, and what an Expedited job for it gives. */
async function expediting(flags: readonly string[]) {
  const server = await startServer({ flags: [...LONG, ...flags] });
  const client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  const ArchiveId = await uploadArchive(client, { vaultName, body: noise(1000) });
  const start = (Tier: string) => startJob(client, vaultName, { Type: 'archive-retrieval', ArchiveId, Tier });
  const refused = async () => {
    const before = await stateOf(server, vaultName);
    const refusal = await refusalOf(start('Expedited'));
    expect(await stateOf(server, vaultName)).toBe(before);
    return refusal;
  };
  return { server, client, ArchiveId, start, refused, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const INSUFFICIENT = {
  code: 'InsufficientCapacityException',
  message:
    'There is no capacity for this Expedited retrieval now. Try again later, ask for Standard or Bulk, ' +
    'or purchase provisioned capacity.',
};

describe('Expedited jobs', () => {
  test('are refused when all slots are taken, except those that units promise', async () => {
    await using expedited = await expediting(['--expedited-slots', '2']);
    const { client, server, ArchiveId, start, refused } = expedited;
    for (let count = 0; count < 2; count += 1) await start('Expedited');
    expect(await refused()).toEqual({ status: 503, ...INSUFFICIENT });
    for (const tier of ['Standard', 'Bulk']) await start(tier);
    await startJob(client, vaultName, { Type: 'inventory-retrieval' });
    // Of the three that a unit promises in five minutes two have run in the slots.
    await buy(client);
    await start('Expedited');
    expect(await refused()).toEqual({ status: 503, ...INSUFFICIENT });
    await buy(client);
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => start('Expedited')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);

    await server.kill();
    await using again = await startServer({ dataDir: server.dataDir, flags: [...LONG, '--expedited-slots', '7'] });
    const seventh = () =>
      startJob(glacierClient(again), vaultName, { Type: 'archive-retrieval', ArchiveId, Tier: 'Expedited' });
    await seventh();
    expect(await refusalOf(seventh())).toEqual({ status: 503, ...INSUFFICIENT });
  });

  test('are answered byte for byte, with the status that the operator chose', async () => {
    await using expedited = await expediting(['--expedited-slots', '0', '--insufficient-capacity-status', '400']);
    expect(await expedited.refused()).toEqual({ status: 400, ...INSUFFICIENT });
    await using standing = await expediting(['--expedited-slots', '0']);
    const body = `{"Type":"archive-retrieval","ArchiveId":"${await uploadArchive(standing.client, {
      vaultName,
      body: noise(10),
    })}","Tier":"Expedited"}`;
    const { status, text } = await send(standing.server, { method: 'POST', path: `/-/vaults/${vaultName}/jobs`, body });
    expect(status).toBe(503);
    expect(text).toBe(`{"code":"${INSUFFICIENT.code}","message":"${INSUFFICIENT.message}","type":"Server"}`);
  });

  test('are as many as anybody likes when nobody sets a number', async () => {
    await using expedited = await expediting([]);
    await Promise.all(Array.from({ length: 40 }, () => expedited.start('Expedited')));
  });
});
