import { CreateVaultCommand, DeleteArchiveCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { glacierClient, outputOf, runJob, uploadArchive } from '../support/clients.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** So many archives that an inventory is read in several pages, while others write. */
const ARCHIVES = 1200;
const CLIENTS = 12;
const INVENTORIES = 6;
const vaultName = 'busy';

let server: TestServer;
let client: GlacierClient;
const first: string[] = [];
beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  const upload = async (): Promise<void> => {
    while (first.length < ARCHIVES) first.push(await uploadArchive(client, { vaultName, body: Buffer.from('x') }));
  };
  await Promise.all(Array.from({ length: CLIENTS }, upload));
});
afterAll(() => server[Symbol.asyncDispose]());

async function inventory(): Promise<string[]> {
  const jobId = await runJob(client, vaultName, { Type: 'inventory-retrieval' });
  const { bytes } = await outputOf(client, { vaultName, jobId });
  return JSON.parse(bytes.toString()).ArchiveList.map((entry: { ArchiveId: string }) => entry.ArchiveId);
}

/** What was in the vault after each step of a client that takes one after the other. */
async function write(states: Set<string>[], isOver: () => boolean): Promise<void> {
  const held = new Set(first);
  states.push(new Set(held));
  for (let turn = 0; !isOver(); turn += 1) {
    // From both ends, so that steps are before and behind where an inventory is.
    const archiveId = [...held].at(turn % 2 === 0 ? 1 : -1) ?? '';
    await client.send(new DeleteArchiveCommand({ accountId: '-', vaultName, archiveId }));
    held.delete(archiveId);
    states.push(new Set(held));
    held.add(await uploadArchive(client, { vaultName, body: Buffer.from('y') }));
    states.push(new Set(held));
  }
}

test('each inventory is what was there at one instant, while another client uploads and deletes', async () => {
  const states: Set<string>[] = [];
  let over = false;
  const writing = write(states, () => over);
  const found: string[][] = [];
  for (let count = 0; count < INVENTORIES; count += 1) found.push(await inventory());
  over = true;
  await writing;
  const at = found.map((ids) =>
    states.findIndex((held) => held.size === ids.length && ids.every((id) => held.has(id))),
  );
  expect(at).not.toContain(-1);
  expect(at).toEqual(at.toSorted((a, b) => a - b));
  expect(states.length).toBeGreaterThan(INVENTORIES);
});
