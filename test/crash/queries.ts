import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Target } from '../support/clients.ts';
import { type RawAnswer, send, sendUpload } from '../support/raw-client.ts';
import { named, namesBelow, objectsIn } from '../support/select-output.ts';
import type { TestServer } from '../support/server.ts';
import { ended, VAULT } from './archives.ts';

/** Queries whose results go to the disk of the server: all of one archive, below one prefix of one bucket. */
export const BUCKET = 'results';
const PREFIX = 'p';

/** Uploads what is to be queried and returns the id of the archive. */
export async function queried(server: Target, body: Buffer): Promise<string> {
  await send(server, { method: 'PUT', path: VAULT });
  const { status, header } = await sendUpload(server, { method: 'POST', path: `${VAULT}/archives`, body });
  expect(status).toBe(201);
  return header('x-amz-archive-id') ?? '';
}

export function startQuery(server: Target, archiveId: string): Promise<RawAnswer> {
  const body = JSON.stringify({
    Type: 'select',
    ArchiveId: archiveId,
    SelectParameters: { Expression: 'SELECT * FROM archive', ExpressionType: 'SQL' },
    OutputLocation: { S3: { BucketName: BUCKET, Prefix: PREFIX } },
  });
  return send(server, { method: 'POST', path: `${VAULT}/jobs`, body });
}

export const jobIdOf = (answer: RawAnswer): string => {
  expect(answer.status).toBe(202);
  return answer.header('x-amz-job-id') ?? '';
};

/** The objects of a job, with `*` for names that say nothing. */
export const namesOf = (server: Pick<TestServer, 'dataDir'>, jobId: string): string[] =>
  namesBelow(objectsIn(server, BUCKET), `${PREFIX}/${jobId}/`);

/** Where objects and their settings are before they have their names. */
export const unfinishedOf = ({ dataDir }: Pick<TestServer, 'dataDir'>): string[] =>
  readdirSync(join(dataDir, 'select-output', '.incoming'));

/**
 * Waits for the end of every job that the server knows: each has succeeded and left its results whole, with nothing beside
 * them. A folder without a job holds no more than the job's first object: it was written for a job that never came to be.
 */
export async function checkAllEnded(server: TestServer, body: Buffer): Promise<string[]> {
  const listed = await send(server, { method: 'GET', path: `${VAULT}/jobs` });
  const jobIds = (listed.json.JobList as { JobId: string }[]).map((job) => job.JobId);
  for (const jobId of jobIds) {
    expect(await ended(server, jobId)).toMatchObject({ StatusCode: 'Succeeded', StatusMessage: 'Succeeded' });
  }
  const [objects, settings] = [objectsIn(server, BUCKET), objectsIn(server, join('.settings', BUCKET))];
  for (const jobId of jobIds) {
    const path = `${PREFIX}/${jobId}/`;
    const names = namesBelow(objects, path);
    expect({ jobId, names }).toEqual({ jobId, names: ['job.txt', 'result_manifest.txt', 'results/*'] });
    expect(namesBelow(settings, path)).toEqual(names);
    expect(named(objects, { bucket: BUCKET, path }) === body.toString()).toBe(true);
  }
  const strays = [...objects.keys(), ...settings.keys()].filter((key) => !jobIds.includes(key.split('/')[1] ?? ''));
  expect(strays.filter((key) => !/^p\/[^/]+\/job\.txt$/.test(key))).toEqual([]);
  expect(unfinishedOf(server)).toEqual([]);
  return jobIds;
}
