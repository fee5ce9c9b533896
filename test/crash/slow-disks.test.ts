import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import type { TestServer } from '../support/server.ts';
import { answerOf, inventory, retrieve, upload, VAULT } from './archives.ts';
import { absenceOfDisks } from './file-systems.ts';
import { BLOBS, startMachine } from './power.ts';
import { byTier, TIER_MS_MAX } from './tiers.ts';

/** Disks that are slow, and disks that do not answer at all. */
const FILE_SYSTEM = 'ext4';
const UPLOADS = 200;
const BODY = noise(3 * MIB, 'slow');
const SLOW_BYTES_PER_SECOND = 4 * MIB;
const SLOW_MS = byTier({ short: 8000, whole: 40_000 });
const MEMORY_MIB_MAX = 400;
const THROTTLE = '/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device';
const HUNG_UPLOADS = 20;
const HUNG_MS = byTier({ short: 6000, whole: 45_000 });
/** Should a test hang with its disk, a process of its own thaws it. */
const THAW_MS_MAX = HUNG_MS + 30_000;
const LIVES = 10;

let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOfDisks(FILE_SYSTEM);
});

test('F-18 F-38 200 uploads to a slow disk wait for it, and not in memory', {
  timeout: TIER_MS_MAX,
}, async (context) => {
  if (absence !== undefined) context.skip(absence);
  await using machine = await startMachine({ fileSystem: FILE_SYSTEM, blobs: { sizeMib: 1000 } });
  using slowness = slowed(machine.disks.deviceOf(BLOBS)) ?? context.skip('no throttle for block devices here');
  await using server = await machine.start();
  await send(server, { method: 'PUT', path: VAULT });
  const uploads = Array.from({ length: UPLOADS }, (_, index) =>
    answerOf(upload(server, { body: BODY, description: `slow ${index}` })),
  );
  await sleep(SLOW_MS);
  const whileSlowMib = peakMib(server);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  slowness[Symbol.dispose]();
  const statuses = (await Promise.all(uploads)).map((answer) => answer?.status);
  const stored = statuses.filter((status) => status === 201).length;
  process.stderr.write(`slow disk: ${whileSlowMib} MiB, then ${peakMib(server)} MiB; ${stored} of ${UPLOADS} stored\n`);
  // What is too much at once is refused, in a way that makes clients try again.
  expect(statuses.filter((status) => status !== 201 && status !== 400)).toEqual([]);
  expect(stored).toBeGreaterThan(0);
  expect(await inventory(server)).toHaveLength(stored);
  expect(peakMib(server)).toBeLessThan(MEMORY_MIB_MAX);
});

test('F-17 a disk that hangs lets everything else go on, and acknowledges nothing', {
  timeout: TIER_MS_MAX,
}, async (context) => {
  if (absence !== undefined) context.skip(absence);
  await using machine = await startMachine({ fileSystem: FILE_SYSTEM });
  await using server = await machine.start();
  await send(server, { method: 'PUT', path: VAULT });
  const kept = (await upload(server, { body: BODY, description: 'before' })).header('x-amz-archive-id') ?? '';
  const answers: number[] = [];
  let isHung = true;
  const uploads: Promise<void>[] = [];
  {
    await using _ = await machine.disks.freeze(BLOBS, THAW_MS_MAX);
    for (let index = 0; index < HUNG_UPLOADS; index += 1) {
      const body = index % 2 === 0 ? BODY : BODY.subarray(0, 1000);
      const one = upload(server, { body, description: `hung ${index}` }).then(({ status }) => {
        if (isHung) answers.push(status);
      });
      uploads.push(one.catch(() => undefined));
    }
    for (let life = 0; life < LIVES; life += 1) {
      await sleep(HUNG_MS / LIVES);
      const signal = AbortSignal.timeout(HUNG_MS);
      expect((await fetch(`${server.url}/healthz`, { signal })).status).toBe(200);
      expect((await send(server, { method: 'GET', path: VAULT })).json.NumberOfArchives).toBe(1);
    }
    isHung = false;
  }
  expect(answers.filter((status) => status < 300)).toEqual([]);
  await Promise.all(uploads);
  const after = await upload(server, { body: BODY, description: 'after' });
  expect(after.status).toBe(201);
  for (const id of [kept, after.header('x-amz-archive-id') ?? ''])
    expect((await retrieve(server, id)).equals(BODY)).toBe(true);
});

const peakMib = ({ child }: TestServer): number =>
  Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024);

/** Lets this device, and no other, write so many bytes a second; undefined where the kernel has no such throttle. */
function slowed(device: string): Disposable | undefined {
  const number = readFileSync(`/sys/block/${device}/dev`, 'utf8').trim();
  const limit = (bytesPerSecond: number) => writeFileSync(THROTTLE, `${number} ${bytesPerSecond}\n`);
  try {
    limit(SLOW_BYTES_PER_SECOND);
  } catch (error) {
    process.stderr.write(`\nnot run: ${(error as Error).message}\n`);
    return undefined;
  }
  return { [Symbol.dispose]: () => limit(0) };
}
