import {
  CreateVaultCommand,
  type GlacierClient,
  ListJobsCommand,
  type ListJobsCommandInput,
  paginateListJobs,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ended, glacierClient, startJob, uploadArchive } from '../support/clients.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** 124 jobs in one vault: 62 archive retrievals that have succeeded and 62 Bulk ones that are still in progress. */
const JOBS = 124;
const vaultName = 'lists';
const path = `/-/vaults/${vaultName}/jobs`;

let server: TestServer;
let client: GlacierClient;
let archiveId = '';
/** The ids of all jobs, in the order they were made. */
const made: string[] = [];
const done = () => made.filter((_, index) => index % 2 === 0);
const running = () => made.filter((_, index) => index % 2 === 1);

beforeAll(async () => {
  server = await startServer({ flags: ['--retrieval-times', 'bulk=1h'] });
  client = glacierClient(server);
  await client.send(new CreateVaultCommand({ accountId: '-', vaultName }));
  archiveId = await uploadArchive(client, { vaultName, body: Buffer.from('x') });
  for (let index = 0; index < JOBS; index += 1)
    made.push(await start(vaultName, index % 2 === 0 ? 'Standard' : 'Bulk'));
  await Promise.all(done().map((jobId) => ended(client, vaultName, jobId)));
});
afterAll(() => server[Symbol.asyncDispose]());

const start = (vault: string, Tier: string) =>
  startJob(client, vault, { Type: 'archive-retrieval', ArchiveId: archiveId, Tier });
const list = async (query: Record<string, string> = {}, vault = vaultName) =>
  send(server, { method: 'GET', path: `/-/vaults/${vault}/jobs`, query });
const newestFirst = (ids: readonly string[]) => [...ids].reverse();

/** Every page, from the first to the last. */
async function walk(query: Partial<ListJobsCommandInput> = {}, betweenPages = async () => {}) {
  const ids: string[] = [];
  const dates: string[] = [];
  let marker: string | undefined;
  do {
    const page = await client.send(
      new ListJobsCommand({ accountId: '-', vaultName, ...query, ...(marker && { marker }) }),
    );
    ids.push(...(page.JobList ?? []).map((job) => job.JobId ?? ''));
    dates.push(...(page.JobList ?? []).map((job) => job.CreationDate ?? ''));
    marker = page.Marker;
    await betweenPages();
  } while (marker !== undefined);
  return { ids, dates };
}

describe('without filters', () => {
  test('124 jobs come newest first over three pages, without gap or duplicate', async () => {
    const { ids, dates } = await walk();
    expect([...ids].sort()).toEqual([...made].sort());
    expect(dates).toEqual([...dates].sort().reverse());
    // Requests were sent one after another, so the order is that of the making but within one millisecond.
    const madeAt = new Map(ids.map((id, index) => [id, dates[index]]));
    expect(ids.map((id) => madeAt.get(id))).toEqual(newestFirst(made).map((id) => madeAt.get(id)));
  });

  test('an element is what DescribeJob says, byte for byte', async () => {
    const page = await list({ limit: '2' });
    const ids: string[] = page.json.JobList.map((job: { JobId: string }) => job.JobId);
    const jobs = await Promise.all(ids.map((id) => send(server, { method: 'GET', path: `${path}/${id}` })));
    expect(page.text).toBe(`{"JobList":[${jobs.map((job) => job.text).join(',')}],"Marker":"${ids[1]}"}`);
    expect(page.header('Content-Type')).toBe('application/json');
  });

  test('jobs of another vault are not shown', async () => {
    await client.send(new CreateVaultCommand({ accountId: '-', vaultName: 'empty' }));
    expect((await list({}, 'empty')).text).toBe('{"JobList":[],"Marker":null}');
  });

  test('the marker of another vault is only a place in time', async () => {
    const oldest = (await walk()).ids.at(-1) ?? '';
    expect((await list({ marker: oldest })).text).toBe('{"JobList":[],"Marker":null}');
    expect((await list({ marker: oldest }, 'empty')).text).toBe('{"JobList":[],"Marker":null}');
  });

  test('a vault that is not there is refused', async () => {
    const answer = await list({}, 'nowhere');
    expect([answer.status, answer.json.code]).toEqual([404, 'ResourceNotFoundException']);
  });
});

describe('filters', () => {
  const ids = async (query: Partial<ListJobsCommandInput>) => (await walk(query)).ids.sort();
  const sorted = (list: string[]) => [...list].sort();

  test('statuscode and completed, each alone, over several pages', async () => {
    expect(await ids({ statuscode: 'Succeeded' })).toEqual(sorted(done()));
    expect(await ids({ statuscode: 'InProgress' })).toEqual(sorted(running()));
    expect(await ids({ statuscode: 'Failed' })).toEqual([]);
    expect(await ids({ completed: 'true' })).toEqual(sorted(done()));
    expect(await ids({ completed: 'false' })).toEqual(sorted(running()));
  });

  test('both together show what meets both', async () => {
    expect(await ids({ completed: 'true', statuscode: 'Succeeded' })).toEqual(sorted(done()));
    expect(await ids({ completed: 'false', statuscode: 'InProgress' })).toEqual(sorted(running()));
    expect(await ids({ completed: 'true', statuscode: 'Failed' })).toEqual([]);
  });

  test.each([
    { completed: 'true', statuscode: 'InProgress' },
    { completed: 'false', statuscode: 'Succeeded' },
    { completed: 'false', statuscode: 'Failed' },
    { completed: 'true', statuscode: 'InProgress', limit: '1' },
  ])('a contradiction is an empty list, not an error: %j', async (query) => {
    const answer = await list(query as Record<string, string>);
    expect([answer.status, answer.text]).toEqual([200, '{"JobList":[],"Marker":null}']);
  });

  test('filter first, then limit: pages are full, and the Marker is null exactly at the end', async () => {
    const page = await list({ statuscode: 'Succeeded', limit: '31' });
    expect(page.json.JobList).toHaveLength(31);
    const marker: string = page.json.Marker;
    expect(marker).toBe(page.json.JobList.at(-1).JobId);
    const rest = await list({ statuscode: 'Succeeded', limit: '31', marker });
    expect(rest.json.JobList).toHaveLength(31);
    expect(rest.json.Marker).toBeNull();
    // All four at once, and a filter that changes on the way: the marker does not carry it.
    const all = await list({ statuscode: 'Succeeded', completed: 'true', limit: '31', marker });
    expect(all.text).toBe(rest.text);
    const others = await list({ statuscode: 'InProgress', limit: '50', marker });
    const later: { CreationDate: string; StatusCode: string }[] = others.json.JobList;
    expect(later.every((job) => job.StatusCode === 'InProgress')).toBe(true);
    expect(later.length).toBeGreaterThanOrEqual(30);
  });

  test.each(['TRUE', 'True', 'tRuE'])('completed is read whatever its case: %s', async (completed) => {
    expect((await list({ completed })).text).toBe((await list({ completed: 'true' })).text);
  });

  test.each(['1', 'yes', '', 'truefalse', ' true'])('completed=%j is refused', async (completed) => {
    const answer = await list({ completed });
    expect([answer.status, answer.json.code]).toEqual([400, 'InvalidParameterValueException']);
  });

  test.each(['finished', 'succeeded', 'SUCCEEDED', '', 'Succeeded,Failed', 'inprogress'])(
    'statuscode=%j is refused',
    async (statuscode) => {
      const answer = await list({ statuscode });
      expect([answer.status, answer.text]).toEqual([
        400,
        `{"code":"InvalidParameterValueException","message":"The job status code is not valid: ${statuscode}","type":"Client"}`,
      ]);
    },
  );
});

describe('while new jobs are made between the pages', () => {
  let old: string[] = [];
  beforeEach(async () => {
    old = (await walk()).ids;
  });

  test('the pages that follow show the old ones, each once', async () => {
    const newer: string[] = [];
    const { ids } = await walk({ limit: 11 }, async () => {
      newer.push(await start(vaultName, 'Bulk'), await start(vaultName, 'Standard'));
    });
    expect(ids).toEqual(old);
    const after = (await walk()).ids;
    expect(after.slice(newer.length)).toEqual(old);
    expect(after.slice(0, newer.length).sort()).toEqual(newer.sort());
  });

  test('the same through the paginator of the SDK', async () => {
    const ids: string[] = [];
    const pages = paginateListJobs({ client, pageSize: 25 }, { accountId: '-', vaultName, statuscode: 'InProgress' });
    for await (const page of pages) {
      ids.push(...(page.JobList ?? []).map((job) => job.JobId ?? ''));
      await start(vaultName, 'Bulk');
    }
    const expected = new Set(running());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => expected.has(id))).toHaveLength(expected.size);
  });
});
