import { execFileSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { MIB, noise } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { inventory, retrieve, upload, VAULT } from './archives.ts';
import { copyAlone } from './copies.ts';
import type { Disks } from './disks.ts';
import { absenceOfDisks } from './file-systems.ts';
import { BLOBS, MIRROR, startMachine } from './power.ts';
import { TIER_MS_MAX } from './tiers.ts';

/** The disk of a mirror goes away under a running server, and comes back. It takes mounts, so it needs root. */
const FILE_SYSTEM = 'ext4';
const LARGE_BYTES = 2 * MIB;
const SIZES = [LARGE_BYTES, 1000];
const UNRESERVED = ['--disk-reserve', '0'];

let absence: string | undefined = 'not tried';
beforeAll(async () => {
  absence = await absenceOfDisks(FILE_SYSTEM);
});

interface Fault {
  begin: (disks: Disks) => Promise<void>;
  /** Without it the server must be started anew when the disk is back. */
  end?: (disks: Disks) => void;
}

let device = '';
const FAULTS: Record<string, Fault> = {
  'answers with errors': { begin: (disks) => disks.cut([MIRROR]) },
  // Whoever has files on it open keeps them, and by its path there is an empty directory.
  'is unmounted': {
    begin: async (disks) => {
      device = `/dev/${disks.deviceOf(MIRROR)}`;
      execFileSync('umount', ['-l', disks.pathOf(MIRROR)]);
    },
    end: (disks) => void execFileSync('mount', [device, disks.pathOf(MIRROR)]),
  },
};

test.for(Object.entries(FAULTS))(
  'F-15 a mirror whose disk %s takes nothing with it, and is a copy again when it is back',
  { timeout: TIER_MS_MAX },
  async ([what, { begin, end }], context) => {
    if (absence !== undefined) context.skip(absence);
    await using machine = await startMachine({ fileSystem: FILE_SYSTEM, hasMirror: true });
    const kept = new Map<string, Buffer>();
    {
      await using server = await machine.start();
      await send(server, { method: 'PUT', path: VAULT });
      for (const sizeBytes of SIZES) await store(server, { name: `${what}, before`, kept, sizeBytes });
      await begin(machine.disks);
      const refused = noise(LARGE_BYTES, 'refused');
      expect((await upload(server, { body: refused, description: 'refused' })).status).toBe(500);
      // Archives only: an inventory would have to be written to both copies.
      await expectBytes(server, kept);
      const ready = await fetch(`${server.url}/readyz`);
      expect(await ready.json()).toEqual({ status: expect.stringMatching(/^degraded: /) });
      if (end === undefined) {
        await server.stop();
        await machine.disks.remount();
      } else {
        end(machine.disks);
        for (const sizeBytes of SIZES) await store(server, { name: `${what}, back`, kept, sizeBytes });
        await server.stop();
      }
    }
    {
      await using server = await machine.start();
      for (const sizeBytes of SIZES) await store(server, { name: `${what}, after`, kept, sizeBytes });
      await expectKept(server, kept);
      await server.stop();
    }
    for (const blobs of [BLOBS, `${MIRROR}/blobs`]) {
      using alone = copyAlone({ dataDir: machine.dataDir, blobs: machine.disks.pathOf(blobs) });
      await using server = await startServer({ dataDir: alone.dataDir, flags: UNRESERVED });
      await expectKept(server, kept);
      await server.stop();
    }
  },
);

async function store(
  server: TestServer,
  { name, kept, sizeBytes }: { name: string; kept: Map<string, Buffer>; sizeBytes: number },
): Promise<void> {
  const body = noise(sizeBytes, `${name} ${sizeBytes}`);
  const answer = await upload(server, { body, description: name });
  expect([name, sizeBytes, answer.status, answer.text]).toEqual([name, sizeBytes, 201, '{}']);
  kept.set(answer.header('x-amz-archive-id') ?? '', body);
}

async function expectKept(server: TestServer, kept: ReadonlyMap<string, Buffer>): Promise<void> {
  expect((await inventory(server)).map((item) => item.ArchiveId).sort()).toEqual([...kept.keys()].sort());
  await expectBytes(server, kept);
}

async function expectBytes(server: TestServer, kept: ReadonlyMap<string, Buffer>): Promise<void> {
  for (const [id, body] of kept) expect((await retrieve(server, id)).equals(body)).toBe(true);
}
