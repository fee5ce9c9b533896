import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SegmentStore } from '../../src/blobs/segments/segment-store.ts';
import { syncDirectory, syncFile, writeFully } from '../../src/files/durable.ts';
import type { BlobAbout } from '../../src/model/blob-about.ts';
import { KIB, limits, SECOND_MS } from '../../src/model/limits.ts';
import type { Row } from '../report.ts';
import { inTurn } from '../rounds.ts';
import { makeScratch } from '../scratch.ts';
import { median } from '../statistics.ts';

const SIZES = [KIB, 4 * KIB, 64 * KIB, limits.segmentBlobBytesMax];
const WRITERS = [1, 8, 64];
const DIRECTORIES = 256;
const ABOUT: BlobAbout = {
  kind: 'archive',
  archiveId: 'x'.repeat(138),
  vault: { accountId: '111122223333', name: 'bench', createdAtMs: 0 },
  description: 'one of many',
  createdAtMs: 0,
};

/** Small blobs, durable: in segments, beside a file for each (write, fsync, rename, fsync of the directory). */
export async function stored({ quick }: { quick: boolean }): Promise<Row[]> {
  using scratch = makeScratch();
  for (const name of ['incoming', ...Array.from({ length: DIRECTORIES }, (_, index) => String(index))]) {
    mkdirSync(join(scratch.path, name));
  }
  await using store = await SegmentStore.open({ directories: [join(scratch.path, 'segments')], masterKeys: null });
  const [rounds, seconds] = quick ? [1, 0.3] : [5, 1];
  const rows: Row[] = [];
  let files = 0;
  for (const size of SIZES) {
    const bytes = Buffer.alloc(size, 'x');
    const blob = { bytes, leaf: hash('sha256', bytes, 'buffer'), about: ABOUT };
    for (const writers of WRITERS) {
      const samples = await inTurn(rounds, {
        file: () => perSecond({ writers, seconds }, () => writeFile(scratch.path, bytes, files++)),
        segment: () => perSecond({ writers, seconds }, () => store.add(blob)),
      });
      const against = { case: `${size / KIB} KiB, ${writers} writers, a file each`, value: median(samples.file) };
      rows.push({ ...against, unit: '/s' });
      const value = median(samples.segment);
      rows.push({ case: `${size / KIB} KiB, ${writers} writers, segments`, value, unit: '/s', against });
    }
  }
  return rows;
}

async function perSecond({ writers, seconds }: { writers: number; seconds: number }, write: () => Promise<unknown>) {
  const startedAt = performance.now();
  const endAt = startedAt + seconds * SECOND_MS;
  let done = 0;
  const writing = async (): Promise<void> => {
    for (; performance.now() < endAt; done += 1) await write();
  };
  await Promise.all(Array.from({ length: writers }, writing));
  return (done * SECOND_MS) / (performance.now() - startedAt);
}

async function writeFile(root: string, bytes: Buffer, number: number): Promise<void> {
  const incoming = join(root, 'incoming', String(number));
  const directory = join(root, String(number % DIRECTORIES));
  {
    await using handle = await open(incoming, 'wx', 0o600);
    await writeFully(handle, bytes, 0);
    await syncFile(handle);
  }
  await rename(incoming, join(directory, String(number)));
  await syncDirectory(directory);
}
