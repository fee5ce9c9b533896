import { describe, expect, test } from 'vitest';
import type { Metadata } from '../../src/metadata/metadata.ts';
import { type Fixity, INTACT } from '../../src/model/fixity.ts';
import { limits } from '../../src/model/limits.ts';
import { ACCOUNT, type MetadataUnderTest, newArchive, newVault, present, T0 } from './metadata-fixtures.ts';

const REPAIRED = { state: 'repaired' as const, what: 'frame 0' };
const DAMAGED = { state: 'damaged' as const, what: 'bytes 0-9: frame 0' };

export function fixityContract(tested: () => MetadataUnderTest): void {
  /** Plans and begins a pass over what is there now. */
  const begun = async (metadata: Metadata, nowMs: number) => {
    await metadata.scrub.plan({ beginsAtMs: nowMs });
    await metadata.scrub.begin({ nowMs });
    return present(present(await metadata.scrub.find()).pass);
  };
  /** The ids of these archives in the order in which they are to be verified. */
  const inOrder = async (metadata: Metadata, ids: readonly string[]) => {
    const pass = present(present(await metadata.scrub.find()).pass);
    const asked = { startedAtMs: pass.startedAtMs, lastKey: pass.lastKey, limit: 1e6 };
    return (await metadata.fixity.toVerify(asked)).map(({ id }) => id).filter((id) => ids.includes(id));
  };
  const note = (
    metadata: Metadata,
    archiveKey: number,
    { nowMs = T0, verdict = INTACT }: { nowMs?: number; verdict?: Fixity } = {},
  ) => metadata.fixity.note({ verdicts: [{ archiveKey, ...verdict }], by: 'scrub', nowMs });

  /** Archives of other tests on this database that never were verified. */
  const noteOthers = async (metadata: Metadata) => {
    const others = await metadata.fixity.toVerify({ startedAtMs: 0, lastKey: 1e9, limit: 1e6 });
    const verdicts = others.map(({ key }) => ({ archiveKey: key, ...INTACT }));
    await metadata.fixity.note({ verdicts, by: 'scrub', nowMs: T0 });
  };

  describe('fixity', () => {
    test('archives that were never verified come first, then the least recently verified one', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const archives = [];
      for (let count = 0; count < 5; count += 1) archives.push(await newArchive(metadata, { vaultKey }));
      const ids = archives.map(({ id }) => id);
      const [a, b, c, d, e] = ids;
      await note(metadata, present(archives[2]).key, { nowMs: T0 + 1 });
      await note(metadata, present(archives[0]).key, { nowMs: T0 + 2 });
      await metadata.archives.delete({ archiveKey: present(archives[3]).key, nowMs: T0 });
      await begun(metadata, T0 + 10);
      expect(await inOrder(metadata, ids)).toEqual([b, e]);
      for (const archive of [archives[1], archives[4]]) await note(metadata, present(archive).key);
      await noteOthers(metadata);
      expect(await inOrder(metadata, ids)).toEqual([c, a]);
      expect(d).toBeDefined();
    });

    test('a clock that was set back makes no pass begin before what was verified', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const archive = await newArchive(metadata, { vaultKey });
      await noteOthers(metadata);
      await note(metadata, archive.key, { nowMs: T0 + 1000 });
      const pass = await begun(metadata, T0 - 1e6);
      expect(pass.startedAtMs).toBe(T0 + 1001);
      expect(await metadata.fixity.toVerify({ ...pass, limit: 1e6 })).toContainEqual(
        expect.objectContaining({ id: archive.id }),
      );
      await note(metadata, archive.key, { nowMs: T0 - 1e6 });
      expect(await metadata.fixity.toVerify({ ...pass, limit: 1e6 })).not.toContainEqual(
        expect.objectContaining({ id: archive.id }),
      );
    });

    test('archives that come later wait for the next pass', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const early = await newArchive(metadata, { vaultKey });
      await begun(metadata, T0);
      const late = await newArchive(metadata, { vaultKey });
      expect(await inOrder(metadata, [early.id, late.id])).toEqual([early.id]);
      await begun(metadata, T0);
      expect(await inOrder(metadata, [early.id, late.id])).toEqual([early.id, late.id]);
    });

    test('a pass counts each archive once, whoever verified it, and none that is gone or came later', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const [one, two, gone] = [
        await newArchive(metadata, { vaultKey, sizeBytes: 100 }),
        await newArchive(metadata, { vaultKey, sizeBytes: 1000 }),
        await newArchive(metadata, { vaultKey }),
      ];
      const pass = await begun(metadata, T0);
      const late = await newArchive(metadata, { vaultKey });
      await metadata.archives.delete({ archiveKey: gone.key, nowMs: T0 });
      for (const { key } of [one, two, gone, late, one]) await note(metadata, key, { verdict: DAMAGED });
      const after = present(present(await metadata.scrub.find()).pass);
      expect(after).toMatchObject({ archives: 2, damaged: 2, startedAtMs: pass.startedAtMs });
      expect(after.doneBytes).toBe(1100 + 2 * limits.archiveOverheadBytes);
      expect(after.totalBytes).toBeGreaterThanOrEqual(1100 + 3 * limits.archiveOverheadBytes);
      await metadata.scrub.finish({ nowMs: T0 + 5, beginsAtMs: T0 + 9 });
      expect(await metadata.scrub.find()).toEqual({
        beginsAtMs: T0 + 9,
        pass: null,
        finished: { atMs: T0 + 5, archives: 2, bytes: 1100 + 2 * limits.archiveOverheadBytes, damaged: 2 },
      });
      await metadata.scrub.finish({ nowMs: T0 + 6, beginsAtMs: T0 + 10 });
      expect(await metadata.scrub.find()).toMatchObject({ beginsAtMs: T0 + 9, finished: { atMs: T0 + 5 } });
    });

    test('the place in an archive is kept until there is a verdict on it', async () => {
      const { metadata } = tested();
      const { key: vaultKey } = await newVault(metadata);
      const [large, other] = [await newArchive(metadata, { vaultKey }), await newArchive(metadata, { vaultKey })];
      await begun(metadata, T0);
      const place = { archiveKey: large.key, nextByte: 5, fixity: DAMAGED };
      await metadata.scrub.keepPlace(place);
      await note(metadata, other.key);
      expect(await metadata.scrub.find()).toMatchObject({ pass: { place } });
      await note(metadata, large.key);
      expect(await metadata.scrub.find()).toMatchObject({ pass: { place: null } });
    });

    test('damaged archives are listed with since when, until they are whole or deleted', async () => {
      const { metadata } = tested();
      const { key: vaultKey, name } = await newVault(metadata);
      const [one, two] = [await newArchive(metadata, { vaultKey }), await newArchive(metadata, { vaultKey })];
      const listed = async () => metadata.fixity.damaged({ afterKey: one.key - 1, limit: 10 });
      await begun(metadata, T0);
      await note(metadata, one.key, { nowMs: T0 + 1e7, verdict: DAMAGED });
      const missing = { state: 'missing' as const, what: 'bytes 0-9 are missing' };
      await metadata.fixity.note({ verdicts: [{ archiveKey: one.key, ...missing }], by: 'check', nowMs: T0 + 2e7 });
      await note(metadata, two.key, { nowMs: T0 + 3e7, verdict: DAMAGED });
      const [first, second] = await listed();
      expect(first).toMatchObject({
        id: one.id,
        vault: { accountId: ACCOUNT, name },
        fixity: { ...missing, by: 'check', atMs: T0 + 2e7 },
        damagedAtMs: T0 + 1e7,
      });
      expect(second).toMatchObject({ id: two.id });
      expect(await metadata.fixity.verdictOn({ accountId: ACCOUNT, id: one.id })).toEqual(first);
      await note(metadata, one.key, { nowMs: T0 + 4e7, verdict: REPAIRED });
      expect(await metadata.fixity.verdictOn({ accountId: ACCOUNT, id: one.id })).toMatchObject({ damagedAtMs: null });
      await metadata.archives.delete({ archiveKey: two.key, nowMs: T0 });
      expect(await listed()).toEqual([]);
      expect(await metadata.fixity.verdictOn({ accountId: ACCOUNT, id: two.id })).toBeUndefined();
    });
  });
}
