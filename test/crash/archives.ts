import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../support/clients.ts';
import { type RawAnswer, send, sendUpload } from '../support/raw-client.ts';
import type { TestServer } from '../support/server.ts';

export const VAULT = '/-/vaults/v';
const JOB_MS_MAX = 20_000;
const POLL_MS = 10;

/** An archive as the inventory tells it. */
export interface Listed {
  ArchiveId: string;
  ArchiveDescription: string;
  Size: number;
  SHA256TreeHash: string;
}

/** The answer, or undefined when none came, as from a server that died. */
export async function answerOf<T = RawAnswer>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch {
    return undefined;
  }
}

export function upload(target: Target, { body, description }: { body: Buffer; description: string }) {
  const headers = { 'x-amz-archive-description': description };
  return sendUpload(target, { method: 'POST', path: `${VAULT}/archives`, body, headers });
}

export function startJob(target: Target, parameters: Record<string, string>, vault = VAULT): Promise<RawAnswer> {
  return send(target, { method: 'POST', path: `${vault}/jobs`, body: JSON.stringify(parameters) });
}

/** DescribeJob once the job has ended. */
export async function ended(target: Target, jobId: string, vault = VAULT): Promise<Record<string, unknown>> {
  const giveUpAt = Date.now() + JOB_MS_MAX;
  for (;;) {
    const { json } = await send(target, { method: 'GET', path: `${vault}/jobs/${jobId}` });
    if (json.Completed === true) return json;
    if (Date.now() > giveUpAt) throw new Error(`the job ${jobId} does not end: ${JSON.stringify(json)}`);
    await sleep(POLL_MS);
  }
}

export async function outputOf(target: Target, parameters: Record<string, string>, vault = VAULT): Promise<Buffer> {
  const jobId = (await startJob(target, parameters, vault)).header('x-amz-job-id') ?? '';
  const { StatusCode: status } = await ended(target, jobId, vault);
  if (status !== 'Succeeded') throw new Error(`the job ended ${status}`);
  const output = await send(target, { method: 'GET', path: `${vault}/jobs/${jobId}/output` });
  if (output.status !== 200) throw new Error(`the output answers ${output.status}: ${output.text}`);
  return output.bytes;
}

export const retrieve = (target: Target, archiveId: string): Promise<Buffer> =>
  outputOf(target, { Type: 'archive-retrieval', ArchiveId: archiveId });

export async function inventory(target: Target): Promise<Listed[]> {
  return JSON.parse((await outputOf(target, { Type: 'inventory-retrieval' })).toString('utf8')).ArchiveList;
}

export const incomingOf = ({ dataDir }: Pick<TestServer, 'dataDir'>): string[] =>
  readdirSync(join(dataDir, 'blobs', 'incoming'));

export const blobsOf = ({ dataDir }: Pick<TestServer, 'dataDir'>): string[] =>
  readdirSync(join(dataDir, 'blobs'), { recursive: true })
    .map(String)
    .filter((name) => /^[0-9a-f]{2}\/[0-9a-f]{32}$/.test(name));
