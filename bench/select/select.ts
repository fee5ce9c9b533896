import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GIB, MIB } from '../../src/model/limits.ts';
import { expectFreeDisk } from '../free-disk.ts';
import { hashedBody } from '../repeated-body.ts';
import type { Row } from '../report.ts';
import { inTurn } from '../rounds.ts';
import { makeScratch } from '../scratch.ts';
import { ROOT, startMoraine } from '../servers.ts';
import { VaultClient } from '../vault-client.ts';
import { type Asked, hashOfJob, measureJob } from './job.ts';
import type { Measured } from './measured.ts';
import { QUERIES, type Query } from './queries.ts';
import { recordsOf } from './records.ts';
import { rowsOfQuery, rowsOfScans } from './rows.ts';

/**
 * Queries over one CSV archive: the engine alone, whole select jobs, and DuckDB, over the same bytes in the same run. Results
 * go to /dev/null, or where it says so to a file, which a job cannot do without. Before a query is measured its results must
 * be the same bytes from all of them.
 */
const PIECE_BYTES = 64 * MIB;
const NOWHERE = '/dev/null';

export async function select({ quick }: { quick: boolean }): Promise<Row[]> {
  const times = quick ? 1 : 16;
  expectFreeDisk('the group select', 6 * GIB);
  using scratch = makeScratch();
  const archive = { piece: recordsOf(PIECE_BYTES), sizeBytes: times * PIECE_BYTES };
  const ways = {
    scratchPath: scratch.path,
    archivePath: join(scratch.path, 'archive.csv'),
    sizeBytes: archive.sizeBytes,
  };
  writeRepeated(ways.archivePath, archive);
  await using moraine = await startMoraine(scratch.path);
  const vault = new VaultClient(moraine);
  await vault.createVault();
  const archiveId = await vault.upload(hashedBody(archive));
  const asked = { moraine, vault, archiveId, scratchPath: scratch.path };
  const rows = rowsOfScans(ways.sizeBytes, await scans(ways.archivePath));
  for (const query of QUERIES) {
    await expectSameResults(query, { ...ways, asked });
    rows.push(...(await measure(query, { ...ways, asked, rounds: quick ? 1 : 3 })));
  }
  return rows;
}

interface Ways {
  scratchPath: string;
  archivePath: string;
  sizeBytes: number;
  asked: Asked;
}

function writeRepeated(path: string, { piece, sizeBytes }: { piece: Buffer; sizeBytes: number }): void {
  const file = openSync(path, 'w');
  for (let done = 0; done < sizeBytes; done += piece.length) writeSync(file, piece);
  closeSync(file);
}

const scans = (archivePath: string) =>
  inTurn(3, {
    lines: () => measuredBy('run-scan.ts', [archivePath, 'lines']),
    crc32: () => measuredBy('run-scan.ts', [archivePath, 'crc32']),
  });

async function measure(
  query: Query,
  { archivePath, sizeBytes, scratchPath, asked, rounds }: Ways & { rounds: number },
) {
  const filePath = join(scratchPath, 'results.csv');
  const samples = await inTurn(rounds, {
    engine: () => measuredBy('run-engine.ts', [archivePath, '1', query.select, NOWHERE]),
    duckdb: () => measuredBy('run-duckdb.ts', [archivePath, '1', query.duckdb, NOWHERE]),
    duckdbTwo: () => measuredBy('run-duckdb.ts', [archivePath, '2', query.duckdb, NOWHERE]),
    job: () => measureJob(asked, query.select),
    duckdbFile: () => measuredBy('run-duckdb.ts', [archivePath, '1', query.duckdb, filePath]),
  });
  rmSync(filePath);
  return rowsOfQuery(query.name, sizeBytes, samples);
}

/** Runs a program of this folder that measures itself. */
async function measuredBy(program: string, args: readonly string[]): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'bench', 'select', program), ...args]);
  return JSON.parse(stdout) as Measured;
}

async function expectSameResults(query: Query, { archivePath, scratchPath, asked }: Ways): Promise<void> {
  const path = join(scratchPath, 'checked.csv');
  await measuredBy('run-duckdb.ts', [archivePath, '2', query.duckdb, path]);
  const wanted = await hashOf(path);
  await measuredBy('run-engine.ts', [archivePath, '1', query.select, path]);
  if ((await hashOf(path)) !== wanted) throw new Error(`${query.name}: the engine's results are not DuckDB's`);
  rmSync(path);
  if ((await hashOfJob(asked, query.select)) !== wanted) {
    throw new Error(`${query.name}: the job's results are not DuckDB's`);
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes);
  return hash.digest('hex');
}
