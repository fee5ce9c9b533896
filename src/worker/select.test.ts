import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type TestArrangement,
  testArrangement,
  testLog,
  uploadBytes,
  uploadParts,
  VAULT,
} from '../../test/support/arrangement.ts';
import { damageBlob } from '../../test/support/damage.ts';
import { askedQuery } from '../../test/support/select-jobs.ts';
import { limits, MIB } from '../model/limits.ts';
import { OutputRefusedError } from '../select-output/select-output.ts';
import { JobLoop } from './job-loop.ts';

/** Where others keep the processors busy, a thread takes seconds to start. */
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

let arrangement: TestArrangement;
beforeEach(async () => {
  arrangement = await testArrangement();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await arrangement[Symbol.asyncDispose]();
});

const CSV = Buffer.from('1,a\n2,b\nx,c\n');
const start = async (expression?: string, bytes = CSV) =>
  arrangement.core.selectJobs.start(askedQuery(await uploadBytes(arrangement, bytes), expression));
const describeJob = (id: string) => arrangement.core.jobs.describe({ vault: VAULT, id });
const ended = (id: string) =>
  vi.waitFor(
    async () => {
      const job = await describeJob(id);
      expect(job.status).not.toBe('InProgress');
      return job;
    },
    { interval: 5, timeout: 50_000 },
  );
async function withLoop<T>(during: (loop: JobLoop) => Promise<T>): Promise<{ result: T; said: string[] }> {
  const { log, said } = testLog();
  await using loop = new JobLoop(arrangement.given, log, { onMessage: () => undefined });
  loop.start();
  return { result: await during(loop), said };
}
const bucket = () => join(arrangement.directory, 'select-output', 'results');
/** The objects below a path, by their names, those with opaque names as `results/*`. */
const objectsIn = (outputPath: string): Record<string, string> => {
  const folder = join(bucket(), outputPath);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const named = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(folder.length).replace(/[0-9a-f]{64}$/, '*'), readFileSync(path, 'utf8')] as const;
  });
  return Object.fromEntries(named.sort());
};

describe('a query', () => {
  test('leaves its results and what names them', async () => {
    const { id, outputPath } = await start('SELECT _2 FROM archive');
    const { result, said } = await withLoop(() => ended(id));
    expect(result).toMatchObject({ status: 'Succeeded', statusMessage: 'Succeeded', outputSizeBytes: null });
    expect(said).toEqual([]);
    expect(objectsIn(outputPath)).toEqual({
      'job.txt': expect.stringContaining(id),
      'result_manifest.txt': expect.stringMatching(/^s3:\/\/results\/p\/q\/\S+\/results\/[0-9a-f]{64}\n$/),
      'results/*': 'a\nb\nc\n',
    });
  });

  test('reads an archive of many parts, of which the last is short', async () => {
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => `${index},row\n`).join(''));
    const archiveId = await uploadParts(arrangement, { bytes, partSizeBytes: MIB });
    const { id, outputPath } = await arrangement.core.selectJobs.start(askedQuery(archiveId));
    await withLoop(() => ended(id));
    expect(objectsIn(outputPath)['results/*']).toBe(bytes.toString());
  });

  test('that needs no more than the beginning leaves the rest', async () => {
    const bytes = Buffer.from('1,a\n'.repeat(4 * MIB));
    const { id, outputPath } = await start('SELECT * FROM archive LIMIT 2', bytes);
    const open = vi.spyOn(arrangement.given.frames, 'take');
    await withLoop(() => ended(id));
    expect(objectsIn(outputPath)['results/*']).toBe('1,a\n1,a\n');
    expect(open.mock.calls.length).toBeLessThan(16);
  });

  test('is the same however often it is run', async () => {
    const { id, outputPath } = await start('SELECT UTCNOW() FROM archive');
    await withLoop(() => ended(id));
    expect(objectsIn(outputPath)['results/*']).toBe('2031-05-06T07:08:09.123Z\n'.repeat(3));
  });
});

describe('S-84 a query that fails', () => {
  test('tells why, where its results should be, and leaves none', async () => {
    const { id, outputPath } = await start('SELECT CAST(_1 AS INT) FROM archive');
    const { result } = await withLoop(() => ended(id));
    expect(result).toMatchObject({
      status: 'Failed',
      statusMessage: expect.stringMatching(/^CastFailed: .*\(record 3, at byte 8\)$/),
    });
    const objects = objectsIn(outputPath);
    expect(Object.keys(objects)).toEqual(['error_manifest.txt', 'errors/*', 'job.txt']);
    expect(JSON.parse(objects['errors/*'] ?? '')).toEqual({
      code: 'CastFailed',
      message: expect.any(String),
      recordNumber: 3,
      byteOffset: 8,
    });
  });

  test.each([
    ['S-82 a record without an end', 'SELECT * FROM archive', Buffer.alloc(3 * MIB, 'x'), /^OverMaxRecordSize: /],
    ['S-82 a quote without an end', 'SELECT * FROM archive', Buffer.from('"a,b\n'), /^CSVParsingError: /],
    [
      'S-82 bytes that are no text',
      'SELECT _1 FROM archive',
      Buffer.from([0x61, 0xff, 0xfe, 10]),
      /^InvalidTextEncoding: /,
    ],
    [
      'S-84 a number without end',
      'SELECT CAST(_1 AS INT) * 9223372036854775807 FROM archive',
      CSV,
      /^IntegerOverflow: /,
    ],
    ['S-84 a division by zero', 'SELECT 1 / CAST(_1 AS INT) FROM archive', Buffer.from('0\n'), /^\w+: /],
  ])('%s', async (_, expression, bytes, message) => {
    const { id } = await start(expression, bytes);
    const { result } = await withLoop(() => ended(id));
    expect(result).toMatchObject({ status: 'Failed', statusMessage: expect.stringMatching(message) });
  });

  test('because the bucket has stopped taking what is written', async () => {
    const { id } = await start();
    vi.spyOn(arrangement.given.selectOutput, 'begin').mockRejectedValue(new OutputRefusedError('AccessDenied', 'no'));
    const { result } = await withLoop(() => ended(id));
    expect(result.statusMessage).toBe('AccessDenied: The results cannot be written: no');
  });

  test('S-85 because it writes more than allowed, and nothing of that stays', async () => {
    arrangement.given.selectOutputBytesMax = 5;
    const { id, outputPath } = await start();
    const { result } = await withLoop(() => ended(id));
    expect(result.statusMessage).toBe('OverMaxOutputSize: The results take more than 5 bytes, the limit here.');
    expect(Object.keys(objectsIn(outputPath))).toEqual(['error_manifest.txt', 'errors/*', 'job.txt']);
  });

  test('because it took the process down with it each time', async () => {
    const { id, outputPath } = await start();
    const { clock, metadata } = arrangement.given;
    for (let attempt = 1; attempt <= limits.jobAttemptsMax; attempt += 1) {
      const claim = { nowMs: clock.nowMs(), leaseUntilMs: clock.nowMs() + 1, token: `${attempt}`, limit: 1 };
      expect(await metadata.jobQueue.claimDue(claim)).toHaveLength(1);
      await metadata.jobQueue.releaseAll();
    }
    const { result } = await withLoop(() => ended(id));
    expect(result.statusMessage).toBe('The job was given up after too many attempts.');
    expect(Object.keys(objectsIn(outputPath))).toEqual(['error_manifest.txt', 'errors/*', 'job.txt']);
  });

  test('because the archive was damaged', async () => {
    const { id, outputPath } = await start();
    for await (const { blobId } of arrangement.given.blobs.list()) damageBlob(arrangement.blobsDirectory, blobId);
    const { result } = await withLoop(() => ended(id));
    expect(result).toMatchObject({ status: 'Failed', statusMessage: expect.stringContaining('missing or damaged') });
    expect(Object.keys(objectsIn(outputPath))).not.toContain('result_manifest.txt');
  });
});

describe('a query that is broken off', () => {
  /** Holds the output up until the loop has ended. */
  const held = () => {
    const { selectOutput } = arrangement.given;
    const begin = selectOutput.begin.bind(selectOutput);
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    vi.spyOn(selectOutput, 'begin').mockImplementation(async (object) => {
      resolve();
      await gate;
      return begin(object);
    });
    return { begun, open };
  };

  test('by the end of the server is begun anew', async () => {
    const { id, outputPath } = await start();
    const { begun, open } = held();
    await withLoop(async () => {
      await begun;
      setTimeout(open, 20);
    });
    expect(await describeJob(id)).toMatchObject({ status: 'InProgress', attempts: 0 });
    expect(Object.keys(objectsIn(outputPath))).toEqual(['job.txt']);
    vi.restoreAllMocks();
    await withLoop(() => ended(id));
    expect(objectsIn(outputPath)['results/*']).toBe(CSV.toString());
  });

  test('does not wait for a bucket that is away', async () => {
    const { id } = await start();
    const { promise: writing, resolve: isWriting } = Promise.withResolvers<void>();
    const { promise: away, reject: letGo } = Promise.withResolvers<void>();
    vi.spyOn(arrangement.given.selectOutput, 'begin').mockResolvedValue({
      write: () => {
        isWriting();
        return away;
      },
      finish: async () => undefined,
      [Symbol.asyncDispose]: async () => letGo(new Error('given up')),
    });
    const { said } = await withLoop(() => writing);
    expect(await describeJob(id)).toMatchObject({ status: 'InProgress', attempts: 0 });
    expect(said).toEqual([]);
  });

  test('does not wait for a bucket that never answers', async () => {
    const { id } = await start();
    const { promise: asked, resolve: isAsked } = Promise.withResolvers<void>();
    vi.spyOn(arrangement.given.selectOutput, 'delete').mockImplementation(() => {
      isAsked();
      return new Promise(() => undefined);
    });
    const { said } = await withLoop(() => asked);
    expect(await describeJob(id)).toMatchObject({ status: 'InProgress', attempts: 0 });
    expect(said).toEqual([]);
  });

  test('by the end of the process leaves nothing that a second run does not replace', async () => {
    const { id, outputPath } = await start();
    const { job } = { job: await describeJob(id) };
    const stray = { accountId: VAULT.accountId, bucketName: 'results', contentType: 'text/csv' };
    if (job.kind !== 'select') throw new Error('no select job');
    for (const name of ['results/stray', 'result_manifest.txt', 'error_manifest.txt']) {
      await arrangement.given.selectOutput.put(
        { ...stray, key: `${outputPath}${name}`, settings: job.output.settings },
        Buffer.from('old'),
      );
    }
    await withLoop(() => ended(id));
    expect(Object.keys(objectsIn(outputPath))).toEqual(['job.txt', 'result_manifest.txt', 'results/*']);
  });

  test('because its vault was deleted writes nothing more', async () => {
    const archiveId = await uploadBytes(arrangement, CSV);
    const { id, outputPath } = await arrangement.core.selectJobs.start(askedQuery(archiveId));
    await arrangement.core.archives.delete({ vault: VAULT, id: archiveId });
    const { begun, open } = held();
    const renew = vi.spyOn(arrangement.given.metadata.jobQueue, 'renew');
    const intervals = vi.spyOn(globalThis, 'setInterval');
    await withLoop(async () => {
      await begun;
      await arrangement.core.vaults.delete(VAULT);
      const [renewal] = intervals.mock.calls.find(([, ms]) => ms === 20_000) ?? [];
      renewal?.();
      await vi.waitFor(() => expect(renew).toHaveResolvedWith([]));
      open();
      await vi.waitFor(() => expect(Object.keys(objectsIn(outputPath))).toEqual(['job.txt']));
    });
    expect(id).toEqual(expect.any(String));
  });
});
