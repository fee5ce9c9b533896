import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import type { TestServer } from '../support/server.ts';
import { answerOf, incomingOf, inventory, retrieve, upload, VAULT } from './archives.ts';
import { absenceOfDisks } from './file-systems.ts';
import { BLOBS, type Machine, METADATA, startMachine } from './power.ts';
import { TIER_MS_MAX } from './tiers.ts';

/** Disks that take nothing more, each under a running server, and what becomes of it when they do again. */
const FILE_SYSTEM = 'ext4';
const FILL_BYTES = MIB;
/** So many of ext4's smallest files, beside the directories of a store that has 256 of them. */
const INODES = 420;

let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOfDisks(FILE_SYSTEM);
});

interface Fault {
  blobs?: { make: string[] };
  /** Begins it; what it returns ends it. */
  begin: (machine: Machine) => () => void;
}

const FAULTS: Record<string, Fault> = {
  'F-10 a full disk for the blobs': { begin: ({ disks }) => filled(disks.pathOf(BLOBS)) },
  'F-10 a full disk for the metadata': { begin: ({ disks }) => filled(disks.pathOf(METADATA)) },
  'F-11 a disk without inodes': {
    blobs: { make: ['-N', String(INODES)] },
    begin: ({ disks }) => {
      const directory = join(disks.pathOf(BLOBS), 'lost+found');
      const files = countUntilRefused((index) => writeFileSync(join(directory, `file-${index}`), ''));
      return () => {
        for (let index = 0; index < files; index += 1) rmSync(join(directory, `file-${index}`));
      };
    },
  },
  'F-15 a disk that is read-only': {
    begin: ({ disks }) => {
      const remount = (how: string) => execFileSync('mount', ['-o', `remount,${how}`, disks.pathOf(BLOBS)]);
      remount('ro');
      return () => remount('rw');
    },
  },
};

test.for(Object.entries(FAULTS))(
  '%s refuses uploads, serves what is there, and is used again when it can be',
  { timeout: TIER_MS_MAX },
  async ([what, { begin, blobs }], context) => {
    if (absence !== undefined) context.skip(absence);
    await using machine = await startMachine({ fileSystem: FILE_SYSTEM, ...(blobs === undefined ? {} : { blobs }) });
    const kept = new Map<string, Buffer>();
    {
      await using server = await machine.start();
      await send(server, { method: 'PUT', path: VAULT });
      await store(server, { what, kept, sizeBytes: 3 * MIB });
      const end = begin(machine);
      const large = noise(2 * MIB, `${what}, refused`);
      for (let tries = 0; tries < 3; tries += 1) {
        const answer = await upload(server, { body: large, description: 'refused' });
        expect([answer.status, answer.json.code]).toEqual([500, 'ServiceUnavailableException']);
      }
      expect(incomingOf(server)).toEqual([]);
      expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
      expect((await send(server, { method: 'GET', path: VAULT })).json.NumberOfArchives).toBe(1);
      // A job is a row, so a full disk for the metadata takes none.
      if (!what.includes('metadata')) await readAll(server, kept);
      end();
      await store(server, { what, kept, sizeBytes: 2 * MIB });
      await store(server, { what, kept, sizeBytes: 1000 });
      await checkAll(server, kept);
      expect(server.child.exitCode).toBeNull();
      await machine.cut(server);
    }
    await using server = await machine.start();
    await checkAll(server, kept);
    expect(readdirSync(join(machine.dataDir, 'blobs', 'incoming'))).toEqual([]);
  },
);

test('F-12 bytes that the kernel lost after it took them are never acknowledged', async (context) => {
  if (absence !== undefined) context.skip(absence);
  // No journal: with one, the file system itself would end at the first error. Little room, so that the image cannot grow.
  const blobs = { make: ['-O', '^has_journal'], sizeMib: 256, roomMib: 48 };
  await using machine = await startMachine({ fileSystem: FILE_SYSTEM, blobs });
  const kept = new Map<string, Buffer>();
  {
    await using server = await machine.start();
    await send(server, { method: 'PUT', path: VAULT });
    await store(server, { what: 'before', kept, sizeBytes: 3 * MIB });
    const end = filled(machine.disks.roomOf(BLOBS));
    for (let tries = 0; tries < 3; tries += 1) {
      const description = `lost ${tries}`;
      const answer = await answerOf(upload(server, { body: noise(20 * MIB, description), description }));
      expect(answer?.status).toBe(500);
    }
    end();
    await store(server, { what: 'after', kept, sizeBytes: 3 * MIB });
    await machine.cut(server);
  }
  await using server = await machine.start();
  await checkAll(server, kept);
});

async function store(
  server: TestServer,
  { what, kept, sizeBytes }: { what: string; kept: Map<string, Buffer>; sizeBytes: number },
): Promise<void> {
  const body = noise(sizeBytes, `${what}, ${kept.size}`);
  const answer = await upload(server, { body, description: `${what}, ${kept.size}` });
  expect([answer.status, answer.text]).toEqual([201, '{}']);
  kept.set(answer.header('x-amz-archive-id') ?? '', body);
}

/** All that was acknowledged is there and whole, and nothing else is. */
async function checkAll(server: TestServer, kept: ReadonlyMap<string, Buffer>): Promise<void> {
  expect((await inventory(server)).map((item) => item.ArchiveId).sort()).toEqual([...kept.keys()].sort());
  await readAll(server, kept);
}

/** Reads without a byte being written to the disk for the blobs. */
async function readAll(server: TestServer, kept: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [id, body] of kept) expect((await retrieve(server, id)).equals(body)).toBe(true);
}

/** Fills a disk; what it returns empties it again. */
function filled(directory: string): () => void {
  const path = join(directory, 'filler');
  const { bavail: blocks, bsize: blockBytes } = statfsSync(directory);
  const pieces = Math.floor((blocks * blockBytes) / FILL_BYTES);
  for (let index = 0; index < pieces; index += 1) writeFileSync(path, Buffer.alloc(FILL_BYTES, 1), { flag: 'a' });
  countUntilRefused(() => writeFileSync(path, Buffer.alloc(4096, 1), { flag: 'a' }));
  return () => rmSync(path);
}

/** Does it until the disk refuses; returns how often it did not. */
function countUntilRefused(deed: (index: number) => void): number {
  for (let count = 0; ; count += 1) {
    try {
      deed(count);
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      return count;
    }
  }
}
