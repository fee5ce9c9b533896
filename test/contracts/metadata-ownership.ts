import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Metadata } from '../../src/metadata/metadata.ts';
import type { BlobRef } from '../../src/model/archives.ts';
import { assemblyDigest, formatAssembly } from '../../src/model/assembly.ts';
import { newArchiveId, newBlobId } from '../../src/model/ids.ts';
import { TIERS } from '../../src/model/jobs.ts';
import { MIB } from '../../src/model/limits.ts';
import type { Vault } from '../../src/model/vaults.ts';
import {
  ACCOUNT,
  archiveJob,
  assembled,
  blobRef,
  inventoryJob,
  jobEnd,
  type MetadataUnderTest,
  newUpload,
  newVault,
  present,
  T0,
} from './metadata-fixtures.ts';

const RUNS = 400;
const RUNS_MS_MAX = 30_000;
const STEPS_MAX = 60;

/** What the steps act on; each step picks by a number that is taken modulo what is there. */
interface World {
  metadata: Metadata;
  vaults: Vault[];
  archives: { key: number; id: string; vaultKey: number }[];
  uploads: { key: number }[];
  claimed: { jobKey: number; token: string; takesOutput: boolean }[];
  /** Every blob id that was ever handed to the metadata. */
  given: Set<string>;
  forgotten: Set<string>;
}

type Step = (world: World, pick: number) => Promise<unknown>;

const pickOf = <T>(list: readonly T[], pick: number): T | undefined => list[pick % (list.length || 1)];
const given = (world: World): string => {
  const blobId = newBlobId();
  world.given.add(blobId);
  return blobId;
};
/** Without parts there is no tree hash. */
const assembledOrNothing = (parts: readonly BlobRef[], blobId: string) =>
  parts.length > 0
    ? assembled(parts, { blobId })
    : { sizeBytes: 0, treeHash: '', assembly: { blobId, digest: assemblyDigest(formatAssembly(parts)) } };
const missingKey = 1e9;
/** Of retrievals: within the lower half of the count of running ones, on its border, and beyond it. */
const SIZES = [1, 2 ** 32 - 1, 2 ** 32, 40 * 2 ** 40];
/** What removes rows bit by bit: a crash may come after each of them. */
const BATCHES = new Set(['remove rows of vaults', 'gather what was given up', 'expire jobs']);

const steps: Record<string, Step> = {
  'make a vault': async (world) => {
    world.vaults.push(await newVault(world.metadata));
  },
  'delete a vault': (world, pick) => {
    const vault = pickOf(world.vaults, pick);
    return vault === undefined
      ? Promise.resolve()
      : world.metadata.vaults.delete({ ...vault, inventory: pick % 3 > 0 ? 'live' : 'daily' });
  },
  'remove rows of vaults': (world, pick) => world.metadata.goingVaults.removeSome({ limit: 1 + (pick % 3) }),
  'add an archive': async (world, pick) => {
    const vaultKey = pickOf(world.vaults, pick)?.key ?? missingKey;
    const id = newArchiveId();
    const blob = blobRef({ blobId: given(world), sizeBytes: 1 + (pick % 9) });
    const facts = { id, vaultKey, description: null, sizeBytes: blob.sizeBytes, treeHash: '', nowMs: T0 };
    const added = await world.metadata.archives.add({ ...facts, blob });
    if (!added) await world.metadata.reclaim.addUnknown([blob.blobId]);
    const archive = await world.metadata.archives.find({ accountId: ACCOUNT, id });
    if (archive !== undefined) world.archives.push({ key: archive.key, id, vaultKey });
  },
  'delete an archive': (world, pick) =>
    world.metadata.archives.delete({ archiveKey: pickOf(world.archives, pick)?.key ?? missingKey, nowMs: T0 }),
  'open an upload': async (world, pick) => {
    const vault = pickOf(world.vaults, pick);
    if (vault === undefined || (await world.metadata.vaults.findByKey(vault.key)) === undefined) return;
    world.uploads.push(await newUpload(world.metadata, { vaultKey: vault.key }));
  },
  'put a part': async (world, pick) => {
    const uploadKey = pickOf(world.uploads, pick)?.key ?? missingKey;
    const part = blobRef({ blobId: given(world), startByte: MIB * (pick % 4), sizeBytes: MIB });
    const stored = await world.metadata.uploads.putPart({ uploadKey, part, nowMs: T0 });
    if (!stored) await world.metadata.reclaim.addUnknown([part.blobId]);
  },
  'complete an upload': async (world, pick) => {
    const archiveId = newArchiveId();
    const uploadKey = pickOf(world.uploads, pick)?.key ?? missingKey;
    const parts = await world.metadata.uploads.listParts({ uploadKey, afterByte: -1, limit: 10 });
    const { assembly, ...whole } = assembledOrNothing(parts, given(world));
    const completed = await world.metadata.uploads.complete({ uploadKey, archiveId, nowMs: T0, ...whole, assembly });
    if (completed.outcome !== 'completed') {
      await world.metadata.reclaim.addUnknown([assembly.blobId]);
      return;
    }
    const archive = present(await world.metadata.archives.find({ accountId: ACCOUNT, id: archiveId }));
    world.archives.push(archive);
  },
  'abort an upload': (world, pick) =>
    world.metadata.uploads.abort({ uploadKey: pickOf(world.uploads, pick)?.key ?? missingKey, nowMs: T0 }),
  'abort the idle': (world) => world.metadata.uploads.abortIdle({ beforeMs: T0 + 1, nowMs: T0, limit: 1 }),
  'forget the closed': (world) => world.metadata.uploads.forgetClosed({ beforeMs: T0 + 1, limit: 2 }),
  'start a retrieval': (world, pick) => {
    const archive = pickOf(world.archives, pick);
    return archive === undefined
      ? Promise.resolve()
      : world.metadata.jobs.create({
          ...archiveJob({ vaultKey: archive.vaultKey, archive }),
          tier: present(pickOf(TIERS, pick)),
          range: { startByte: pick, endByte: pick + present(pickOf(SIZES, pick)) - 1 },
        });
  },
  'start an inventory': (world, pick) =>
    world.metadata.jobs.create(inventoryJob({ vaultKey: pickOf(world.vaults, pick)?.key ?? missingKey })),
  'claim jobs': async (world, pick) => {
    const token = `token ${pick}`;
    const jobs = await world.metadata.jobQueue.claimDue({ nowMs: T0, leaseUntilMs: T0, token, limit: 2 });
    for (const job of jobs) {
      world.claimed.push({ jobKey: job.key, token, takesOutput: job.kind === 'inventory-retrieval' });
    }
  },
  'end a job': async (world, pick) => {
    const lease = pickOf(world.claimed, pick);
    if (lease === undefined) return;
    const output = lease.takesOutput ? { blobId: given(world), sizeBytes: 1 } : null;
    const ended = await world.metadata.jobQueue.end({ ...jobEnd(lease), output, expiresAtMs: T0 + (pick % 3) });
    if (!ended && output !== null) await world.metadata.reclaim.addUnknown([output.blobId]);
  },
  'let go of a job': async (world, pick) => {
    const held = pickOf(world.claimed, pick);
    if (held === undefined) return;
    if (pick % 2 === 0) await world.metadata.jobQueue.release({ lease: held, dueAtMs: T0 });
    else await world.metadata.jobQueue.giveBack({ token: held.token, jobKeys: [held.jobKey] });
  },
  'start again': (world) => world.metadata.jobQueue.releaseAll(),
  'expire jobs': (world, pick) => world.metadata.jobs.expire({ nowMs: T0 + (pick % 3), limit: 1 + (pick % 2) }),
  'hand over known blobs': (world) =>
    world.metadata.reclaim.addUnknown([...world.given].filter((blobId) => !world.forgotten.has(blobId))),
  'gather what was given up': (world, pick) => world.metadata.reclaim.gather({ limit: 1 + (pick % 3) }),
  reclaim: async (world) => {
    const gone = await world.metadata.reclaim.list({ limit: 3 });
    await world.metadata.reclaim.forget(gone);
    for (const blobId of gone) world.forgotten.add(blobId);
  },
};

const scripts = fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat(1000)), {
  maxLength: STEPS_MAX,
  size: 'max',
});

const OWNED = `
  select blob_id, 'archive' as owner from archive_blobs
  union all select assembly_blob_id, 'assembly' from archives where assembly_blob_id is not null
  union all select blob_id, 'part' from parts
  union all select output_blob_id, 'job' from jobs where output_blob_id is not null
  union all select blob_id, 'reclaim' from reclaimable_blobs`;

const MISCOUNTED = `
  select v.key, v.archive_count, v.archive_bytes from vaults v
  left join archives a on a.vault_key = v.key and a.deleted_at is null
  group by v.key, v.archive_count, v.archive_bytes
  having v.archive_count <> count(a.key) or v.archive_bytes <> coalesce(sum(a.size_bytes), 0)`;

const RUNNING_MISCOUNTED = `
  select v.key, v.running_bytes_high, v.running_bytes_low from vaults v
  left join jobs j on j.vault_key = v.key and j.status = 'InProgress' and j.tier = 'Standard'
  where v.account_id <> ''
  group by v.key
  having (v.running_bytes_high << 32) + v.running_bytes_low <> coalesce(sum(j.range_end_byte - j.range_start_byte + 1), 0)
    or v.running_bytes_low not between 0 and 4294967295`;

const WITHOUT_BYTES = `
  select a.id from archives a join vaults v on v.key = a.vault_key
  where v.account_id <> '' and (a.deleted_at is null or exists (select 1 from jobs j where j.archive_key = a.key))
    and not exists (select 1 from archive_blobs b where b.archive_key = a.key)`;

const LEFT_BEHIND = `
  select p.blob_id from parts p join uploads u on u.key = p.upload_key where u.state <> 'open'
    and u.key not in (select upload_key from uploads_given_up)
  union all select b.blob_id from (
    select archive_key, blob_id from archive_blobs
    union all select key, assembly_blob_id from archives where assembly_blob_id is not null
  ) b join archives a on a.key = b.archive_key
  where a.deleted_at is not null
    and not exists (select 1 from jobs j where j.archive_key = a.key)
    and a.key not in (select archive_key from archives_given_up)
    and a.vault_key not in (select key from vaults where account_id = '')`;

/** Once every batch was done, nothing is left of what was deleted. */
const REMAINS = `
  select 'vault' as what from vaults where account_id = ''
  union all select 'archive' from archives_given_up
  union all select 'upload' from uploads_given_up`;

export function ownershipContract(tested: () => MetadataUnderTest): void {
  test(
    'after any operations every blob has one owner or is forgotten, and vaults count what they hold and what runs',
    async () => {
      await fc.assert(
        fc.asyncProperty(scripts, async (script) => {
          const { metadata } = tested();
          const world: World = {
            metadata,
            vaults: [],
            archives: [],
            uploads: [],
            claimed: [],
            given: new Set(),
            forgotten: new Set(),
          };
          for (const [name, pick] of script) {
            await steps[name]?.(world, pick);
            if (BATCHES.has(name) && pick % 5 === 0) await check(world);
          }
          await check(world);
          await finish(world);
        }),
        { numRuns: RUNS },
      );
    },
    RUNS_MS_MAX,
  );

  async function finish({ metadata }: World): Promise<void> {
    while ((await metadata.goingVaults.removeSome({ limit: 2 })) > 0);
    while ((await metadata.reclaim.gather({ limit: 2 })) > 0);
    expect(await tested().rows(REMAINS)).toEqual([]);
  }

  async function check({ given: everGiven, forgotten }: World): Promise<void> {
    const { rows } = tested();
    const owners = new Map<string, string[]>();
    for (const { blob_id: blobId, owner } of await rows(OWNED)) {
      owners.set(String(blobId), [...(owners.get(String(blobId)) ?? []), String(owner)]);
    }
    expect([...owners].filter(([, names]) => names.length > 1)).toEqual([]);
    expect([...everGiven].filter((blobId) => owners.has(blobId) === forgotten.has(blobId))).toEqual([]);
    expect(await rows(MISCOUNTED)).toEqual([]);
    expect(await rows(RUNNING_MISCOUNTED)).toEqual([]);
    expect(await rows(WITHOUT_BYTES)).toEqual([]);
    expect(await rows(LEFT_BEHIND)).toEqual([]);
  }
}
