import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeJobCommand,
  type DescribeJobCommandOutput,
  GetJobOutputCommand,
  type GetJobOutputCommandOutput,
  GlacierClient,
  GlacierServiceException,
  InitiateJobCommand,
  type JobParameters,
  UploadArchiveCommand,
} from '@aws-sdk/client-glacier';
import { ACCOUNT_ID, REGION, type TestServer } from './server.ts';

const JOB_MS_MAX = 60_000;
const POLL_MS = 15;

/** Who is asked: enough of a server for a client to reach it. */
export type Target = Pick<TestServer, 'url' | 'accessKeyId' | 'secretAccessKey'>;

/** A client of the AWS SDK that knows nothing but another endpoint; it reports the first failure instead of retrying. */
export function glacierClient({ url, accessKeyId, secretAccessKey }: Target): GlacierClient {
  return new GlacierClient({
    endpoint: url,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
}

export const arnOf = (vaultName: string): string => `arn:aws:glacier:${REGION}:${ACCOUNT_ID}:vaults/${vaultName}`;

export interface Refusal {
  status: number | undefined;
  code: string;
  message: string;
}

/** What a call was refused with; a call that succeeds fails the test. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof GlacierServiceException)) throw error;
    return { status: error.$metadata.httpStatusCode, code: error.name, message: error.message };
  }
  throw new Error('the call succeeded, and should not have');
}

export const notFound = (message: string): Refusal => ({ status: 404, code: 'ResourceNotFoundException', message });

export const invalid = (message: string): Refusal => ({
  status: 400,
  code: 'InvalidParameterValueException',
  message,
});

export const missing = (name: string): Refusal => ({
  status: 400,
  code: 'MissingParameterValueException',
  message: `Required parameter missing: ${name}`,
});

export const vaultNotFound = (vaultName: string): Refusal => notFound(`Vault not found for ARN: ${arnOf(vaultName)}`);

/** Uploads bytes as an archive and returns its id; the SDK works out both hashes. */
export async function uploadArchive(
  client: GlacierClient,
  { vaultName, body, description }: { vaultName: string; body: Uint8Array; description?: string },
): Promise<string> {
  const archiveDescription = description === undefined ? {} : { archiveDescription: description };
  const { archiveId } = await client.send(
    new UploadArchiveCommand({ accountId: '-', vaultName, body, ...archiveDescription }),
  );
  return archiveId ?? '';
}

/** Starts a job and returns its id. */
export async function startJob(
  client: GlacierClient,
  vaultName: string,
  jobParameters: JobParameters | undefined,
): Promise<string> {
  const job = await client.send(
    new InitiateJobCommand({ accountId: '-', vaultName, ...(jobParameters === undefined ? {} : { jobParameters }) }),
  );
  return job.jobId ?? '';
}

/** Waits for a job's end and returns what DescribeJob then says. */
export async function ended(
  client: GlacierClient,
  vaultName: string,
  jobId: string,
): Promise<DescribeJobCommandOutput> {
  const giveUpAt = Date.now() + JOB_MS_MAX;
  for (;;) {
    const job = await client.send(new DescribeJobCommand({ accountId: '-', vaultName, jobId }));
    if (job.Completed === true) return job;
    if (Date.now() > giveUpAt) throw new Error(`the job ${jobId} does not end`);
    await sleep(POLL_MS);
  }
}

/** Starts a job, waits for its end and returns its id. */
export async function runJob(client: GlacierClient, vaultName: string, jobParameters: JobParameters): Promise<string> {
  const jobId = await startJob(client, vaultName, jobParameters);
  await ended(client, vaultName, jobId);
  return jobId;
}

/** A job's output, or the given Range of it, with its bytes. */
export async function outputOf(
  client: GlacierClient,
  { vaultName, jobId, range }: { vaultName: string; jobId: string; range?: string },
): Promise<Omit<GetJobOutputCommandOutput, 'body'> & { bytes: Buffer }> {
  const { body, ...rest } = await client.send(
    new GetJobOutputCommand({ accountId: '-', vaultName, jobId, ...(range === undefined ? {} : { range }) }),
  );
  return { ...rest, bytes: Buffer.from((await body?.transformToByteArray()) ?? []) };
}
