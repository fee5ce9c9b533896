import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { noise } from '../support/hashes.ts';
import { type Caller, withCaller } from '../support/kept-connection.ts';
import { send, sendUpload } from '../support/raw-client.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { newTopic, subscribe } from '../support/topics.ts';
import { type JobDocument, JobLedger, listAll, type Shapes } from './job-ledger.ts';
import { clients, startingJobs } from './job-load.ts';
import { byTier, oneOf, SEED, saySeed, seeded, TIER_MS_MAX } from './tiers.ts';

/**
 * Thousands of jobs become due at once, and the process that runs them is killed again and again on the way. A job that
 * ended twice told twice: a message may be repeated, but then with the id that it had, so two ids for a job are two ends.
 */
const JOBS = byTier({ short: 1000, whole: 100_000 });
const KILLS = byTier({ short: 3, whole: 10 });
const DUE_AFTER = byTier({ short: '10s', whole: '240s' });
const CLIENTS = 64;
/** Jobs that are looked at to know how far the server has come. */
const SAMPLES = 40;
const POLL_MS = 20;
const QUIET_MS = 1000;
/** Each subscription takes a few messages at a time, so that more of them take more. */
const TOPICS = Array.from({ length: byTier({ short: 4, whole: 8 }) }, newTopic);
const VAULT = '/-/vaults/ends';
const FLAGS = [
  ...['--retrieval-times', ['expedited', 'standard', 'bulk', 'inventory'].map((of) => `${of}=${DUE_AFTER}`).join()],
  ...['--webhook-networks', '127.0.0.0/8'],
];

test(`F-06 F-33 ${JOBS} jobs end, each once, through ${KILLS} kills`, { timeout: TIER_MS_MAX }, async () => {
  saySeed('job ends');
  const dataDir = mkdtempSync(join(tmpdir(), 'moraine-job-ends-'));
  const random = seeded(SEED, 4);
  await using receiver = await startReceiver();
  try {
    const ledger = await started({ dataDir, receiver, random });
    const messages = messagesTo(receiver);
    const seen = new Ends();
    const sample = Array.from({ length: SAMPLES }, () => oneOf(random, [...ledger.jobs.keys()]));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await using server = await startServer({ dataDir, flags: FLAGS });
      await withCaller(server, async (call) => {
        const share = await reached((kill - random()) / (KILLS + 1), () => shareEnded(call, { ledger, sample }));
        // Otherwise the kill would be too late to show anything.
        expect(share).toBeLessThan(1);
        seen.look(await page(call, ledger));
        if (kill % 3 === 0) seen.look(await listAll(call, ledger.path, 'completed=true'));
      });
      await server.kill();
      process.stderr.write(`kill ${kill}: ${messages.count} messages\n`);
    }
    await using server = await startServer({ dataDir, flags: FLAGS });
    await withCaller(server, (call) => checkAllEnded(call, { ledger, seen }));
    await checkMessages(messages, ledger);
    process.stderr.write(`job ends: ${ledger.jobs.size} jobs, ${messages.count} messages\n`);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

/** When jobs were seen to end: it never changes. */
class Ends {
  readonly #dates = new Map<string, string>();

  look(jobs: readonly JobDocument[]): void {
    const changed = jobs.flatMap(({ JobId: id, CompletionDate: date, StatusCode: status }) => {
      const before = this.#dates.get(id);
      this.#dates.set(id, before ?? `${status} ${date}`);
      return before === undefined || before === `${status} ${date}` ? [] : [`${id}: ${before}, now ${status} ${date}`];
    });
    expect(changed).toEqual([]);
  }
}

/** Starts all jobs, those of each topic by clients of their own. */
async function started(given: { dataDir: string; receiver: Receiver; random: () => number }): Promise<JobLedger> {
  const { dataDir, receiver, random } = given;
  await using server = await startServer({ dataDir, flags: FLAGS });
  await send(server, { method: 'PUT', path: VAULT });
  for (const topic of TOPICS) await subscribe(server, { topic, receiver });
  const shapes = shapesOf(await archive(server));
  const ledger = new JobLedger('ends', shapes);
  const begun = { jobs: 0 };
  const start = startingJobs(ledger, { shapes: () => oneOf(random, Object.keys(shapes)), note: 'ends' });
  const deed = async (call: Caller): Promise<boolean> => {
    if (begun.jobs >= JOBS) return false;
    begun.jobs += 1;
    return await start(call);
  };
  await clients(server, { count: CLIENTS, deed });
  expect(ledger.jobs.size).toBe(JOBS);
  process.stderr.write(`job ends: ${JOBS} jobs were started\n`);
  await server.kill();
  return ledger;
}

async function archive(server: TestServer): Promise<string> {
  const body = noise(5000, 'ends');
  const answer = await sendUpload(server, { method: 'POST', path: `${VAULT}/archives`, body });
  expect(answer.status).toBe(201);
  return answer.header('x-amz-archive-id') ?? '';
}

/** A kind and tier for each topic. */
function shapesOf(archiveId: string): Shapes {
  const tiers = ['Expedited', 'Standard', 'Bulk'] as const;
  const shapes = TOPICS.map((SNSTopic, index) => {
    const Tier = tiers[index % 4];
    const retrieval = { Type: 'archive-retrieval', ArchiveId: archiveId };
    const parameters = { SNSTopic, ...(Tier === undefined ? { Type: 'inventory-retrieval' } : { ...retrieval, Tier }) };
    return [`topic-${index}`, { parameters, document: { SNSTopic, Tier: Tier ?? null } }] as const;
  });
  return Object.fromEntries(shapes);
}

async function reached(share: number, ask: () => Promise<number>): Promise<number> {
  for (;;) {
    const now = await ask();
    if (now >= share && now > 0) return now;
    await sleep(POLL_MS);
  }
}

async function shareEnded(
  call: Caller,
  { ledger, sample }: { ledger: JobLedger; sample: readonly string[] },
): Promise<number> {
  let ended = 0;
  for (const id of sample) {
    const { json } = await call({ target: `${ledger.path}/${id}` });
    if (json.Completed) ended += 1;
  }
  return ended / sample.length;
}

/** The newest of the jobs that have ended. */
async function page(call: Caller, { path }: JobLedger): Promise<JobDocument[]> {
  const { json } = await call({ target: `${path}?completed=true` });
  return json.JobList;
}

async function checkAllEnded(call: Caller, { ledger, seen }: { ledger: JobLedger; seen: Ends }): Promise<void> {
  const unfinished = async () => (await call({ target: `${ledger.path}?completed=false&limit=1` })).json.JobList.length;
  while ((await unfinished()) > 0) await sleep(POLL_MS);
  const jobs = await ledger.check(call);
  expect(jobs.length).toBe(JOBS);
  seen.look(jobs);
  expect(jobs.filter((job) => job.StatusCode !== 'Succeeded' || job.CompletionDate === null)).toEqual([]);
  expect((await listAll(call, ledger.path, 'statuscode=Succeeded')).length).toBe(JOBS);
}

/** What the receiver was told: ids of messages, by the job that they are about. Nothing else is kept of them. */
function messagesTo(receiver: Receiver) {
  const idsByJob = new Map<string, Set<string>>();
  const state = { idsByJob, count: 0 };
  receiver.answer = ({ body }, response) => {
    receiver.received.length = 0;
    const { MessageId: messageId = '', Message: message = '{}' } = JSON.parse(body) as Record<string, string>;
    const { JobId: jobId } = JSON.parse(message) as JobDocument;
    idsByJob.set(jobId, (idsByJob.get(jobId) ?? new Set()).add(messageId));
    state.count += 1;
    response.writeHead(200).end();
  };
  return state;
}

/** Each job has told of its end, and none of two. */
async function checkMessages(messages: ReturnType<typeof messagesTo>, ledger: JobLedger): Promise<void> {
  const quiet = async () => {
    const before = messages.count;
    await sleep(QUIET_MS);
    return messages.count === before;
  };
  // A second end would tell after the first.
  while (messages.idsByJob.size < ledger.jobs.size || !(await quiet())) await sleep(POLL_MS);
  expect([...ledger.jobs.keys()].filter((id) => !messages.idsByJob.has(id))).toEqual([]);
  expect([...messages.idsByJob].filter(([, ids]) => ids.size > 1)).toEqual([]);
}
