import { GIB, MIB } from '../../src/model/limits.ts';
import { expectFreeDisk } from '../free-disk.ts';
import { repeatedBody } from '../repeated-body.ts';
import type { Row } from '../report.ts';
import { makeScratch } from '../scratch.ts';
import { completeManyParts } from './complete.ts';
import { memoryRows, openContestants } from './contestants.ts';
import { retrievalRows, retrieve } from './retrievals.ts';
import { upload, uploadRows } from './uploads.ts';

const WARM_UP_BYTES = 32 * MIB;

/**
 * A large archive in and out again, whole and in parts, encrypted and not: rates, CPU time and memory, beside nginx, beside the
 * straightforward server, and beside what no server could save.
 */
export async function bytes({ quick }: { quick: boolean }): Promise<Row[]> {
  // Each round leaves an archive of each kind, and so do the others.
  expectFreeDisk('this benchmark', (quick ? 8 : 50) * GIB);
  using scratch = makeScratch();
  await using stack = new AsyncDisposableStack();
  const contestants = await openContestants(stack, scratch.path);

  const warmUp = repeatedBody(WARM_UP_BYTES);
  await retrieve(contestants, await upload(contestants, { body: warmUp, rounds: 1 }));
  const body = repeatedBody(quick ? 128 * MIB : GIB);
  const rounds = quick ? 2 : 3;
  const uploads = await upload(contestants, { body, rounds });
  const retrievals = await retrieve(contestants, uploads);
  return [
    ...uploadRows(uploads),
    ...retrievalRows(retrievals),
    ...(await completeManyParts(contestants, { partCount: quick ? 500 : 10_000 })),
    ...memoryRows(contestants),
  ];
}
