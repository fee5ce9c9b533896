import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskBlobStore } from '../../src/blobs/disk.ts';
import type { Arrangement } from '../../src/core/arrangement.ts';
import { type Core, createCore } from '../../src/core/core.ts';
import { Downloads } from '../../src/core/downloads.ts';
import { FramePool } from '../../src/core/frame-pool.ts';
import { Metadata } from '../../src/metadata/metadata.ts';
import { NO_RETRIEVAL_LIMITS } from '../../src/model/retrieval-limits.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { sha256, treeHash } from './hashes.ts';

/** Where fsync costs nothing; these tests are about rules, not about disks. */
const MEMORY = '/dev/shm';

/** The stores and settings that the rules stand on, in a directory of their own, with a clock that the test moves. */
export interface TestArrangement extends AsyncDisposable {
  given: Arrangement;
  core: Core;
  clock: { atMs: number; nowMs(): number };
  blobsDirectory: string;
  /** Closes the stores and opens them again, as a restart does; `given` and `core` are new ones after it. */
  restart(): Promise<void>;
}

export const T0 = Date.parse('2031-05-06T07:08:09.123Z');
export const VAULT = { accountId: '111122223333', name: 'vault' };

export async function testArrangement(settings: Partial<Arrangement> = {}): Promise<TestArrangement> {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'moraine-core-'));
  const clock = { atMs: T0, nowMs: () => clock.atMs };
  const open = async () => {
    const given = { ...(await arrangementIn(directory)), clock, ...settings };
    const core = createCore(given, { onJobStarted: () => undefined, onKeyUnreadable: () => undefined });
    await core.accounts.ensureFirst();
    return { given, core };
  };
  const close = () => arrangement.given.metadata[Symbol.asyncDispose]();
  const arrangement: TestArrangement = {
    ...(await open()),
    clock,
    blobsDirectory: join(directory, 'blobs'),
    restart: async () => {
      await close();
      Object.assign(arrangement, await open());
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await arrangement.core.vaults.create(VAULT);
  return arrangement;
}

const ROOT_KEY = {
  accountId: VAULT.accountId,
  accessKeyId: 'AKIAROOTOFTHETESTS',
  secretAccessKey: 'secret',
  origin: 'the test',
};
const SECRETS_KEY = Buffer.alloc(32, 'key');

async function arrangementIn(directory: string): Promise<Omit<Arrangement, 'clock'>> {
  const none = { minMs: 0, maxMs: 0 };
  return {
    metadata: await Metadata.openSqlite({
      path: join(directory, 'metadata.sqlite'),
      onFatal: (error) => {
        throw error;
      },
    }),
    blobs: await DiskBlobStore.open(join(directory, 'blobs')),
    frames: new FramePool(),
    downloads: new Downloads(),
    rootKey: ROOT_KEY,
    secretsKey: { find: () => SECRETS_KEY, findOrMake: () => SECRETS_KEY },
    region: 'us-east-1',
    retrievalTimes: { expedited: none, standard: none, bulk: none, inventory: none },
    retrievalLimits: NO_RETRIEVAL_LIMITS,
    inventory: 'live',
    jobRetentionMs: 24 * 60 * 60 * 1000,
  };
}

/** Bytes as a client sends them, in chunks of this size. */
export async function* chunksOf(bytes: Buffer, chunkBytes = 64 * 1024): AsyncGenerator<Buffer, void, void> {
  for (let start = 0; start < bytes.length; start += chunkBytes) yield bytes.subarray(start, start + chunkBytes);
}

/** The hashes a client states for a body. */
export const hashesOf = (bytes: Buffer) => ({ linearHash: sha256(bytes), treeHash: treeHash(bytes) });

/** Stores bytes as an archive and returns its id. */
export async function uploadBytes({ core }: Pick<TestArrangement, 'core'>, bytes: Buffer): Promise<string> {
  const upload = { vault: VAULT, description: null, claimed: hashesOf(bytes), body: chunksOf(bytes) };
  return (await core.archives.upload(upload)).id;
}

/** Stores bytes as an archive in parts of this size and returns its id. */
export async function uploadParts(
  { core }: Pick<TestArrangement, 'core'>,
  { bytes, partSizeBytes }: { bytes: Buffer; partSizeBytes: number },
): Promise<string> {
  const id = await core.uploads.initiate({ vault: VAULT, description: null, partSizeBytes });
  const name = { vault: VAULT, id };
  for (let startByte = 0; startByte < bytes.length; startByte += partSizeBytes) {
    const part = bytes.subarray(startByte, startByte + partSizeBytes);
    const range = { startByte, endByte: startByte + part.length - 1 };
    await core.uploads.putPart({ name, range, claimed: hashesOf(part), body: chunksOf(part) });
  }
  const { archiveId } = await core.uploads.complete({ name, sizeBytes: bytes.length, treeHash: treeHash(bytes) });
  return archiveId;
}

/** A log that remembers what was said of what went wrong. */
export function testLog(): { log: Log; said: string[] } {
  const said: string[] = [];
  const say = (_: unknown, text: string) => void said.push(text);
  return { log: { debug: () => undefined, info: say, warn: say, error: say, fatal: say } as unknown as Log, said };
}
