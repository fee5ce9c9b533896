import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SECOND_MS } from '../../src/model/limits.ts';
import type { Program } from '../program.ts';
import { dataDirOf } from '../servers.ts';
import type { VaultClient } from '../vault-client.ts';
import type { Measured } from './measured.ts';

const BUCKET = 'bench';
const PREFIX = 'results';

/** A server with an archive that select jobs are asked about; its results go to disk below `scratchPath`. */
export interface Asked {
  moraine: Program;
  vault: VaultClient;
  archiveId: string;
  scratchPath: string;
}

/** A select job from InitiateJob to its end, and what the server's process spent meanwhile; the results are removed. */
export async function measureJob(asked: Asked, expression: string): Promise<Measured> {
  const { moraine } = asked;
  moraine.forgetPeakMemory();
  const cpuBefore = moraine.cpuSeconds();
  const startedAt = performance.now();
  const jobId = await runJob(asked, expression);
  const seconds = (performance.now() - startedAt) / SECOND_MS;
  const cpuSeconds = moraine.cpuSeconds() - cpuBefore;
  const outputBytes = partsOf(asked, jobId).reduce((sum, path) => sum + statSync(path).size, 0);
  removeResults(asked);
  return { seconds, cpuSeconds, peakMib: moraine.peakMemoryMib(), outputBytes };
}

/** SHA-256 of all results of a query, part after part. */
export async function hashOfJob(asked: Asked, expression: string): Promise<string> {
  const jobId = await runJob(asked, expression);
  const hash = createHash('sha256');
  for (const path of partsOf(asked, jobId)) for await (const bytes of createReadStream(path)) hash.update(bytes);
  removeResults(asked);
  return hash.digest('hex');
}

async function runJob({ vault, archiveId }: Asked, expression: string): Promise<string> {
  const jobId = await vault.initiateJob({
    Type: 'select',
    ArchiveId: archiveId,
    SelectParameters: {
      Expression: expression,
      ExpressionType: 'SQL',
      InputSerialization: { csv: {} },
      OutputSerialization: { csv: {} },
    },
    OutputLocation: { S3: { BucketName: BUCKET, Prefix: PREFIX } },
  });
  await vault.waitForEnd(jobId);
  return jobId;
}

/** The files of the results, in the order of the manifest. */
function partsOf({ scratchPath }: Asked, jobId: string): string[] {
  const root = resultsRoot(scratchPath);
  const manifest = readFileSync(join(root, BUCKET, PREFIX, jobId, 'result_manifest.txt'), 'utf8');
  return manifest
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => join(root, line.replace(/^s3:\/\//, '')));
}

const removeResults = ({ scratchPath }: Asked): void =>
  rmSync(join(resultsRoot(scratchPath), BUCKET, PREFIX), { recursive: true, force: true });

const resultsRoot = (scratchPath: string): string => join(dataDirOf(scratchPath), 'select-output');
