import { BlobDamagedError, BlobMissingError } from '../blobs/blob-store.ts';
import type { Arrangement } from '../core/arrangement.ts';
import { readRange } from '../core/outputs.ts';
import { wholeOf } from '../model/byte-range.ts';
import type { SelectJob } from '../model/jobs.ts';
import { HOUR_MS, limits } from '../model/limits.ts';
import { orEndOf } from '../model/until.ts';
import { SelectError } from '../select/select-error.ts';
import { OutputRefusedError } from '../select-output/select-output.ts';
import type { WorkResult } from './leases.ts';
import { type SelectFailure, SelectResults } from './select-results.ts';
import type { SelectThreads } from './select-threads.ts';

/**
 * Runs a query on an archive and writes its results. A run that is broken off (the signal is aborted, the process ends) is
 * begun anew and writes the same bytes under the same names: what a query takes for now is when its job was created.
 */
export async function runSelect(
  given: Arrangement,
  { job, threads, signal }: { job: SelectJob; threads: SelectThreads; signal: AbortSignal },
): Promise<WorkResult> {
  const vault = await given.metadata.vaults.findByKey(job.vaultKey);
  if (vault === undefined) return { failure: 'The vault was deleted.' };
  await using results = resultsOf(given, { accountId: vault.accountId, job });
  try {
    await orEndOf(signal, results.clear());
    await runThrough(given, { job, threads, signal, results });
    return { output: null, marker: null };
  } catch (error) {
    await discard(results, signal);
    const failure = failureOf(error);
    if (failure !== undefined && !signal.aborted) return await orEndOf(signal, failWith(failure, results));
    if (!signal.aborted && job.attempts >= limits.jobAttemptsMax) {
      await orEndOf(signal, results.tell(GIVEN_UP)).catch(() => undefined);
    }
    throw error;
  }
}

/** Tells where its results should be that a job was given up which takes the process down with it. */
export async function tellGivenUp(given: Arrangement, job: SelectJob): Promise<void> {
  const vault = await given.metadata.vaults.findByKey(job.vaultKey);
  if (vault === undefined) return;
  await using results = resultsOf(given, { accountId: vault.accountId, job });
  await results.clear();
  await results.tell(GIVEN_UP);
}

const resultsOf = (
  { selectOutput: output, selectOutputBytesMax: bytesMax }: Arrangement,
  of: { accountId: string; job: SelectJob },
): SelectResults => new SelectResults({ output, bytesMax, ...of });

/**
 * What stays where this fails is no result: there is no manifest that names it. A run that will be followed by another is
 * waited for, as the other one has the same names.
 */
async function discard(results: SelectResults, signal: AbortSignal): Promise<void> {
  const patience = signal.aborted ? AbortSignal.timeout(limits.selectDiscardMs) : signal;
  await orEndOf(patience, results.discard()).catch(() => undefined);
}

async function runThrough(
  given: Arrangement,
  {
    job,
    threads,
    signal,
    results,
  }: { job: SelectJob; threads: SelectThreads; signal: AbortSignal; results: SelectResults },
): Promise<void> {
  const order = { query: job.query, nowMs: job.createdAtMs };
  const deadline = AbortSignal.timeout(limits.selectRunMsMax);
  const source = readArchive(given, job);
  const pieces = threads.run({ order, source, signal: AbortSignal.any([signal, deadline]) });
  // A write may wait for an endpoint that is away; one that nobody wants any more does not.
  const letGo = () => void results[Symbol.asyncDispose]().catch(() => undefined);
  signal.addEventListener('abort', letGo);
  try {
    for await (const piece of pieces) await results.write(piece);
    signal.throwIfAborted();
    await results.finish(signal);
  } catch (error) {
    if (!deadline.aborted) throw error;
    const hours = limits.selectRunMsMax / HOUR_MS;
    throw new SelectError('InternalError', `The query ran for ${hours} hours, which is the limit.`, { cause: error });
  } finally {
    signal.removeEventListener('abort', letGo);
  }
}

/** All of the archive. Once the blobs are kept, whatever the job's row still refers to stays. */
async function* readArchive(given: Arrangement, job: SelectJob): AsyncGenerator<Buffer, void, void> {
  if (job.archiveSizeBytes === 0) return;
  const { metadata, downloads } = given;
  const { archiveKey, vaultKey, id } = job;
  const range = wholeOf(job.archiveSizeBytes);
  const refs = await metadata.archives.blobs({ archiveKey, range });
  using _ = downloads.keep(refs.map(({ blobId }) => blobId));
  if ((await metadata.jobs.find({ vaultKey, id })) === undefined) throw new Error('the job is gone');
  yield* readRange(given, { refs, range });
}

const GIVEN_UP: SelectFailure = { code: 'InternalError', message: 'The job was given up after too many attempts.' };

/** What trying again would not change; undefined for anything else. */
function failureOf(error: unknown): SelectFailure | undefined {
  if (error instanceof SelectError) return error;
  if (error instanceof OutputRefusedError) {
    return { code: error.code, message: `The results cannot be written: ${error.message}` };
  }
  if (error instanceof BlobMissingError || error instanceof BlobDamagedError) {
    return { code: 'InternalError', message: 'The stored bytes of the archive are missing or damaged.' };
  }
  return undefined;
}

/** Fails the job, and says so where its results should be, unless that is what cannot be written. */
async function failWith(failure: SelectFailure, results: SelectResults): Promise<WorkResult> {
  try {
    await results.tell(failure);
  } catch (error) {
    if (!(error instanceof OutputRefusedError)) throw error;
  }
  const { code, message, at } = failure;
  const place = at === undefined ? '' : ` (record ${at.record}, at byte ${at.byteOffset})`;
  return { failure: `${code}: ${message}${place}` };
}
