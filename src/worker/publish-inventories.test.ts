import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  chunksOf,
  hashesOf,
  type TestArrangement,
  testArrangement,
  uploadBytes,
  VAULT,
} from '../../test/support/arrangement.ts';
import { noise } from '../../test/support/hashes.ts';
import { DAY_MS, HOUR_MS } from '../model/limits.ts';
import { publishInventories } from './publish-inventories.ts';

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(() => arrangement[Symbol.asyncDispose]());

const bytes = noise(1000);

test('daily inventories are published only where there are such', async () => {
  await uploadBytes(arrangement, bytes);
  arrangement.clock.atMs += DAY_MS;
  expect(await publishInventories(arrangement.given)()).toEqual({ done: 0, more: false });
  const publish = publishInventories({ ...arrangement.given, inventory: 'daily' });
  expect(await publish()).toEqual({ done: 1, more: false });
  expect(await publish()).toEqual({ done: 0, more: false });
});

test('daily inventories are published of some vaults at a time', async () => {
  const { core, given, clock } = arrangement;
  const due = vi.spyOn(given.metadata.inventories, 'due');
  const vaults = ['vault', ...Array.from({ length: 501 }, (_, index) => `vault-${index}`)];
  for (const name of vaults) {
    const vault = { ...VAULT, name };
    await core.vaults.create(vault);
    const upload = {
      vault,
      description: null,
      claimed: hashesOf(bytes),
      body: chunksOf(bytes),
      sizeBytes: bytes.length,
    };
    if (name === 'vault' || name === 'vault-500') await core.archives.upload(upload);
  }
  clock.atMs += DAY_MS;
  const publish = publishInventories({ ...given, inventory: 'daily' });
  for (const round of [1, 0]) {
    expect(await publish()).toEqual({ done: round, more: true });
    expect(await publish()).toEqual({ done: round, more: false });
  }
  expect(due.mock.calls.map(([page]) => page.limit)).toEqual([500, 500, 500, 500]);
});

test('a vault that was written to since its inventory does not count as empty, even if the clock went back', async () => {
  await using daily = await testArrangement({ inventory: 'daily' });
  const { core, given, clock } = daily;
  const publish = publishInventories(given);
  await core.archives.delete({ vault: VAULT, id: await uploadBytes(daily, bytes) });
  clock.atMs += DAY_MS;
  expect(await publish()).toEqual({ done: 1, more: false });
  clock.atMs -= 2 * HOUR_MS;
  await core.archives.delete({ vault: VAULT, id: await uploadBytes(daily, bytes) });
  await expect(core.vaults.delete(VAULT)).rejects.toThrow('Vault not empty or recently written to');
  clock.atMs += DAY_MS + 2 * HOUR_MS;
  expect(await publish()).toEqual({ done: 1, more: false });
  await core.vaults.delete(VAULT);
});
