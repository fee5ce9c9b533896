import { GIB, MIB } from '../../src/model/limits.ts';
import type { RepeatedBody } from '../connection.ts';
import { expectFreeDisk } from '../free-disk.ts';
import { hashedBody } from '../repeated-body.ts';
import type { Row } from '../report.ts';
import { makeScratch } from '../scratch.ts';
import { startMoraine } from '../servers.ts';
import { VaultClient } from '../vault-client.ts';
import { measureJob } from './job.ts';
import { recordsOf } from './records.ts';

/** The peak memory of a fresh server that runs one select job must not grow with the archive. */
const SMALL_BYTES = 10 * MIB;
const PIECE_BYTES = 64 * MIB;
const EXPRESSION = `SELECT * FROM archive WHERE _10 LIKE '%gift%'`;

export async function selectMemory({ quick }: { quick: boolean }): Promise<Row[]> {
  expectFreeDisk('the group select-memory', quick ? GIB : 17 * GIB);
  const sizeBytes = quick ? 512 * MIB : 10 * GIB;
  const small = await peaksMib(SMALL_BYTES, SMALL_BYTES);
  const large = await peaksMib(sizeBytes, PIECE_BYTES);
  const reference = { case: `select job on ${SMALL_BYTES / MIB} MiB`, value: small.job };
  return [
    { case: 'the server before its first job', value: small.before, unit: 'MiB' },
    { ...reference, unit: 'MiB' },
    { case: `select job on ${sizeBytes / MIB} MiB`, value: large.job, unit: 'MiB', against: reference },
  ];
}

async function peaksMib(sizeBytes: number, pieceBytes: number): Promise<{ before: number; job: number }> {
  using scratch = makeScratch();
  const archiveId = await upload(scratch.path, { piece: recordsOf(pieceBytes), sizeBytes });
  await using moraine = await startMoraine(scratch.path);
  const before = moraine.peakMemoryMib();
  const asked = { moraine, vault: new VaultClient(moraine), archiveId, scratchPath: scratch.path };
  return { before, job: (await measureJob(asked, EXPRESSION)).peakMib };
}

/** By a server of its own, so that what the upload took is not measured. */
async function upload(scratchPath: string, body: RepeatedBody): Promise<string> {
  await using moraine = await startMoraine(scratchPath);
  const vault = new VaultClient(moraine);
  await vault.createVault();
  const part = hashedBody({ piece: body.piece, sizeBytes: body.piece.length });
  return body.sizeBytes === part.sizeBytes
    ? await vault.upload(part)
    : await vault.uploadInParts(hashedBody(body), part);
}
