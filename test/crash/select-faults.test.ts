import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { until } from '../support/topics.ts';
import { ended, VAULT } from './archives.ts';
import { checkAllEnded, jobIdOf, namesOf, queried, startQuery, unfinishedOf } from './queries.ts';
import { attach, faultAt, ONE_POOL_THREAD, type Point, pointsOf, poolThread, straceMissing } from './strace.ts';
import { isWhole, TIER_MS_MAX } from './tiers.ts';

/**
 * The disk refuses one call that a query makes for its results: the run fails and leaves nothing that could be taken for
 * results, and the next run leaves the whole of them. Where it is the job's first object that cannot be written, there is
 * no job. `npm test` tries the faults in front, `npm run test:faults` all.
 */
const PART = /\/results\/\w+$/;
const MANIFEST = /\/result_manifest\.txt$/;
const FIRST = /\/job\.txt$/;
const FAULTS = [
  { what: 'EIO on the sync of a part', of: PART, call: 'fsync', error: 'EIO' },
  { what: 'ENOSPC on a later write of a part', of: PART, call: 'pwrite64', at: -1, error: 'ENOSPC' },
  { what: 'ENOSPC on the manifest', of: MANIFEST, call: 'pwrite64', error: 'ENOSPC' },
  { what: 'EIO on the sync of the first object', of: FIRST, call: 'fsync', error: 'EIO' },
  { what: 'ENOSPC on the first write of a part', of: PART, call: 'pwrite64', error: 'ENOSPC' },
  { what: 'EMFILE on opening a part', of: PART, call: 'openat', error: 'EMFILE' },
  { what: 'EIO on naming a part', of: PART, call: 'rename', error: 'EIO' },
  { what: 'EIO on the sync of the folder of a part', of: PART, call: 'fsync', after: true, error: 'EIO' },
  { what: 'EIO on the sync of the manifest', of: MANIFEST, call: 'fsync', error: 'EIO' },
  { what: 'EIO on naming the manifest', of: MANIFEST, call: 'rename', error: 'EIO' },
  { what: 'EIO on the sync of the folder of the manifest', of: MANIFEST, call: 'fsync', after: true, error: 'EIO' },
  { what: 'ENOSPC on the first object', of: FIRST, call: 'pwrite64', error: 'ENOSPC' },
  { what: 'EIO on the sync of the folder of the first object', of: FIRST, call: 'fsync', after: true, error: 'EIO' },
] as const;
type Fault = { what: string; of: RegExp; call: string; at?: number; after?: boolean; error: string };
const IN_SHORT_TIER = 4;
const TRACED = 'trace=openat,pwrite64,fsync,rename';
const BODY = Buffer.from(Array.from({ length: 2 ** 15 }, (_, line) => `${line},${'x'.repeat(60)}\n`).join(''));

const template = mkdtempSync(join(tmpdir(), 'moraine-select-faults-'));
let archiveId = '';
let goodRun: Point[] = [];

describe.runIf(straceMissing === undefined)('a call of a query that fails:', () => {
  beforeAll(async () => {
    await using server = await started(join(template, 'good'));
    archiveId = await queried(server, BODY);
    // The first query makes the bucket, and compiles what its thread runs.
    await ended(server, jobIdOf(await startQuery(server, archiveId)));
    await using tracing = await attach(poolThread(processOf(server)), ['-y', '-s', '400', '-e', TRACED]);
    await ended(server, jobIdOf(await startQuery(server, archiveId)));
    goodRun = pointsOf(await tracing.stop());
  });
  afterAll(() => rmSync(template, { recursive: true, force: true }));

  const faults: readonly Fault[] = isWhole ? FAULTS : FAULTS.slice(0, IN_SHORT_TIER);
  test.concurrent.each(faults)('$what', { timeout: TIER_MS_MAX }, async (fault) => {
    const dataDir = join(template, fault.what.replaceAll(' ', '-'));
    cpSync(join(template, 'good'), dataDir, { recursive: true });
    await using server = await started(dataDir);
    {
      await using tracing = await attach(
        poolThread(processOf(server)),
        faultAt(pointOf(fault), `error=${fault.error}`),
      );
      const answer = await startQuery(server, archiveId);
      if (fault.of === FIRST) {
        expect(answer).toMatchObject({ status: 500, json: { code: 'ServiceUnavailableException' } });
        expect(answer.text).not.toMatch(/EIO|ENOSPC|moraine-select/);
      } else {
        await expectFailedRun(server, jobIdOf(answer));
      }
      expect((await tracing.stop()).filter((line) => line.includes('(INJECTED)'))).toHaveLength(1);
    }
    const jobIds = await checkAllEnded(server, BODY);
    expect(jobIds).toHaveLength(fault.of === FIRST ? 2 : 3);
  });
});

async function started(dataDir: string): Promise<TestServer> {
  return startServer({ dataDir, env: ONE_POOL_THREAD });
}
const processOf = (server: TestServer): number => server.child.pid ?? 0;

/** The call of the good run that the fault is about: of the file that was given the name, or of its folder after that. */
function pointOf({ what, of, call, at = 0, after = false }: Fault): Point {
  const named = goodRun.findIndex(
    ({ name, text }) => name === 'rename' && of.test(text.split('"')[3] ?? '') && !text.includes('/.settings/'),
  );
  const incoming = goodRun[named]?.text.split('"')[1] ?? '';
  const found = after
    ? goodRun.slice(named).filter(({ name }) => name === call)
    : goodRun.filter(({ name, text }) => name === call && text.includes(incoming));
  const point = found.at(at);
  if (incoming === '' || point === undefined) throw new Error(`no call of the good run is for ${what}`);
  return point;
}

/** The job goes on, and nothing of it can be taken for results. */
async function expectFailedRun(server: TestServer, jobId: string): Promise<void> {
  await until(() => (server.stderr().includes('"msg":"the job failed"') ? true : undefined), 'the failure of the run');
  const { json } = await send(server, { method: 'GET', path: `${VAULT}/jobs/${jobId}` });
  expect(json).toMatchObject({ StatusCode: 'InProgress', Completed: false });
  expect(namesOf(server, jobId)).toEqual(['job.txt']);
  expect(unfinishedOf(server)).toEqual([]);
}
