import { CreateVaultCommand, DescribeJobCommand, type GlacierClient } from '@aws-sdk/client-glacier';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ended, glacierClient, startJob, uploadArchive } from '../support/clients.ts';
import { meets, type NaiveJob, type NaiveQuery, naivePage, newestFirst } from '../support/naive-jobs.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** Random calls, from starting jobs to paging through them, held against a naive list. Bulk jobs stay in progress here. */
const RUNS = 10;
const CALLS_MAX = 12;
const BURST_MAX = 8;

let server: TestServer;
let client: GlacierClient;
let vaultsMade = 0;
beforeAll(async () => {
  server = await startServer({ flags: ['--retrieval-times', 'bulk=1h'] });
  client = glacierClient(server);
});
afterAll(() => server[Symbol.asyncDispose]());

interface Vault {
  name: string;
  archiveId: string;
  jobs: NaiveJob[];
}
type Start = { call: 'start'; vault: number; tiers: ('Bulk' | 'Standard')[] };
type Filters = Pick<NaiveQuery, 'status' | 'completed'> & { limit: number };
type Page = Filters & { call: 'page'; vault: number; after: number | null };
type Walk = Filters & { call: 'walk'; vault: number; meanwhile: Start[] };

const vault = fc.nat({ max: 1 });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const filters = {
  status: orNull(fc.constantFrom('InProgress' as const, 'Succeeded' as const, 'Failed' as const)),
  completed: orNull(fc.boolean()),
};
const start: fc.Arbitrary<Start> = fc.record({
  call: fc.constant('start' as const),
  vault,
  tiers: fc.array(fc.constantFrom('Bulk' as const, 'Standard' as const), { minLength: 1, maxLength: BURST_MAX }),
});
const page: fc.Arbitrary<Page> = fc.record({
  call: fc.constant('page' as const),
  vault,
  ...filters,
  limit: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 50 })),
  after: orNull(fc.nat()),
});
const walk: fc.Arbitrary<Walk> = fc.record({
  call: fc.constant('walk' as const),
  vault,
  ...filters,
  limit: fc.integer({ min: 1, max: 6 }),
  meanwhile: fc.array(start, { maxLength: 3 }),
});

test('every page is that of a naive list, and a walk shows what was there from its beginning, each once', async () => {
  const calls = fc.array(fc.oneof(start, page, walk), { maxLength: CALLS_MAX, size: 'max' });
  await fc.assert(
    fc.asyncProperty(calls, async (script) => {
      const vaults = [await newVault(), await newVault()];
      for (const call of script) {
        if (call.call === 'start') await begin(vaults, call);
        else if (call.call === 'page') await checkPage(vaults, call);
        else await checkWalk(vaults, call);
      }
    }),
    { numRuns: RUNS },
  );
});

async function newVault(): Promise<Vault> {
  vaultsMade += 1;
  const name = `model-${vaultsMade}`;
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName: name }));
  return { name, archiveId: await uploadArchive(client, { vaultName: name, body: Buffer.from('x') }), jobs: [] };
}

const present = (vaults: readonly Vault[], index: number): Vault => vaults[index] as Vault;

/** Starts jobs at once, so that some have the same instant, and waits for those that end. */
async function begin(vaults: readonly Vault[], { vault, tiers }: Start): Promise<void> {
  const { name, archiveId, jobs } = present(vaults, vault);
  const started = tiers.map(async (Tier) => {
    const id = await startJob(client, name, { Type: 'archive-retrieval', ArchiveId: archiveId, Tier });
    const job =
      Tier === 'Bulk'
        ? await client.send(new DescribeJobCommand({ accountId: '-', vaultName: name, jobId: id }))
        : await ended(client, name, id);
    const createdAtMs = Date.parse(job.CreationDate ?? '');
    jobs.push({ id, createdAtMs, status: Tier === 'Bulk' ? 'InProgress' : 'Succeeded', expiresAtMs: null });
  });
  await Promise.all(started);
}

async function list(name: string, { status, completed, limit, after }: NaiveQuery) {
  const query = {
    limit: String(limit),
    ...(status !== null && { statuscode: status }),
    ...(completed !== null && { completed: String(completed) }),
    ...(after !== null && { marker: after.id }),
  };
  const { json } = await send(server, { method: 'GET', path: `/-/vaults/${name}/jobs`, query });
  return {
    ids: json.JobList.map((job: { JobId: string }) => job.JobId) as string[],
    marker: json.Marker as string | null,
  };
}

const ofAll = { nowMs: 0, lookedAtMax: Number.POSITIVE_INFINITY };

/** The marker may be a job of the other vault. */
async function checkPage(vaults: readonly Vault[], { after, ...asked }: Page): Promise<void> {
  const { name, jobs } = present(vaults, asked.vault);
  const positions = vaults.flatMap((vault) => vault.jobs);
  const query = { ...asked, after: after === null ? null : (positions[after % (positions.length || 1)] ?? null) };
  expect(await list(name, query)).toEqual(naivePage(jobs, { ...query, ...ofAll }));
}

async function checkWalk(vaults: readonly Vault[], { meanwhile, ...asked }: Walk): Promise<void> {
  const { name, jobs } = present(vaults, asked.vault);
  const expected = jobs.filter((job) => meets(job, asked)).sort(newestFirst);
  const seen: string[] = [];
  const pauses = [...meanwhile];
  for (let after: NaiveJob | null = null; ; ) {
    const { ids, marker } = await list(name, { ...asked, after });
    seen.push(...ids);
    if (marker === null) break;
    after = jobs.find(({ id }) => id === marker) ?? null;
    const pause = pauses.shift();
    if (pause !== undefined) await begin(vaults, pause);
  }
  expect(seen).toEqual(expected.map(({ id }) => id));
}
