import { afterEach, beforeEach, expect, test } from 'vitest';
import { SUCCEEDED, T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { newBlobId } from '../model/ids.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

test('a job is gone from the instant on at which it expires, though its row is still there', async () => {
  const { core, given, clock } = arrangement;
  const { jobs, jobQueue, vaults } = given.metadata;
  const range = { startAtMs: null, endAtMs: null, limit: null, marker: null };
  const id = await core.jobs.retrieveInventory({
    vault: VAULT,
    description: null,
    snsTopic: null,
    format: 'JSON',
    ...range,
  });
  const [claimed] = await jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token: 't', limit: 1 });
  const lease = { jobKey: claimed?.key ?? 0, token: 't' };
  const output = { blobId: newBlobId(), sizeBytes: 1 };
  await jobQueue.end({ ...SUCCEEDED, lease, output, marker: null, nowMs: T0, expiresAtMs: T0 + 5 });

  const asks = {
    describe: () => core.jobs.describe({ vault: VAULT, id }),
    output: () => core.jobs.output({ name: { vault: VAULT, id }, choose: () => ({ startByte: 0, endByte: 0 }) }),
  };
  const list = () => core.jobs.list({ vault: VAULT, status: null, completed: null, after: null, limit: 1 });
  clock.atMs = T0 + 4;
  for (const ask of Object.values(asks)) await ask();
  expect(await list()).toMatchObject({ jobs: [{ id }], marker: null });
  clock.atMs = T0 + 5;
  for (const ask of Object.values(asks)) await expect(ask()).rejects.toThrow(`The job ID was not found: ${id}`);
  expect(await list()).toEqual({ jobs: [], marker: null });
  const { key: vaultKey } = (await vaults.find(VAULT)) ?? { key: 0 };
  expect(await jobs.find({ vaultKey, id })).toMatchObject({ id, expiresAtMs: T0 + 5 });
});
