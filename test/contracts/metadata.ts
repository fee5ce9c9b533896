import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newBlobId } from '../../src/model/ids.ts';
import { archiveContract } from './metadata-archives.ts';
import { capacityContract } from './metadata-capacity.ts';
import { dailyInventoryContract } from './metadata-daily-inventories.ts';
import { deliveryContract } from './metadata-deliveries.ts';
import { fixityContract } from './metadata-fixity.ts';
import type { MetadataUnderTest } from './metadata-fixtures.ts';
import { goingVaultContract } from './metadata-going-vaults.ts';
import { inventoryContract } from './metadata-inventories.ts';
import { jobListContract } from './metadata-job-lists.ts';
import { jobQueueContract } from './metadata-job-queue.ts';
import { jobContract } from './metadata-jobs.ts';
import { keyContract } from './metadata-keys.ts';
import { lockContract } from './metadata-locks.ts';
import { ownershipContract } from './metadata-ownership.ts';
import { retrievalContract } from './metadata-retrievals.ts';
import { selectJobContract } from './metadata-select-jobs.ts';
import { servingContract } from './metadata-serving.ts';
import { subscriptionContract } from './metadata-subscriptions.ts';
import { uploadContract } from './metadata-uploads.ts';
import { userContract } from './metadata-users.ts';
import { vaultSettingsContract } from './metadata-vault-settings.ts';
import { vaultContract } from './metadata-vaults.ts';

/** What the metadata must do on every database. */
export function metadataContract(open: () => Promise<MetadataUnderTest>): void {
  let opened: MetadataUnderTest;
  const tested = () => opened;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened[Symbol.asyncDispose]());

  vaultContract(tested);
  goingVaultContract(tested);
  vaultSettingsContract(tested);
  archiveContract(tested);
  inventoryContract(tested);
  dailyInventoryContract(tested);
  uploadContract(tested);
  jobContract(tested);
  jobListContract(tested);
  jobQueueContract(tested);
  selectJobContract(tested);
  retrievalContract(tested);
  capacityContract(tested);
  deliveryContract(tested);
  subscriptionContract(tested);
  lockContract(tested);
  ownershipContract(tested);
  userContract(tested);
  keyContract(tested);
  servingContract(tested);
  fixityContract(tested);

  describe('bytes to reclaim', () => {
    test('are handed over once, and forgotten', async () => {
      const { reclaim } = opened.metadata;
      const blobIds = [newBlobId(), newBlobId()];
      expect(await reclaim.addUnknown([])).toBe(0);
      expect(await reclaim.addUnknown(blobIds)).toBe(2);
      expect(await reclaim.addUnknown(blobIds)).toBe(0);
      expect(await reclaim.list({ limit: 1e6 })).toEqual(expect.arrayContaining(blobIds));
      await reclaim.forget([]);
      await reclaim.forget(blobIds);
      expect(await reclaim.list({ limit: 1e6 })).not.toEqual(expect.arrayContaining(blobIds.slice(0, 1)));
    });
  });

  test('the database answers', async () => {
    expect(await opened.metadata.answers()).toBe(true);
  });
}
