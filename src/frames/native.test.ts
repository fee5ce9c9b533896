import { createHook } from 'node:async_hooks';
import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { absenceOfNative } from '../../test/support/native.ts';
import { tries } from '../../test/support/tries.ts';
import { MIB } from '../model/limits.ts';
import { type Addon, nativeFrameWork } from './native.ts';

/** What only the addon does; what all work on frames does is in test/contracts. */
const reason = absenceOfNative();
const ROOT = join(import.meta.dirname, '..', '..');
const ADDON = join(ROOT, 'native', 'build', `${process.platform}-${process.arch}`, 'moraine.node');

describe.skipIf(reason !== null)(`the addon${reason === null ? '' : ` (not run: ${reason})`}`, () => {
  let addon: Addon;
  let folder: string;
  let file: FileHandle;
  beforeAll(async () => {
    addon = createRequire(import.meta.url)(ADDON);
    folder = await mkdtemp(join(tmpdir(), 'moraine-frames-'));
    file = await open(join(folder, 'file'), 'w+');
  });
  afterAll(async () => {
    await file.close();
    await rm(folder, { recursive: true });
  });

  test('does all that a frame needs in one visit to the pool', async () => {
    const work = nativeFrameWork(addon);
    const visits: string[] = [];
    // What never goes to the pool may be of the test runner.
    const elsewhere = new Set(['PROMISE', 'TickObject', 'Timeout', 'Immediate']);
    const hook = createHook({ init: (_, type) => void (elsewhere.has(type) || visits.push(type)) }).enable();
    const hasher = work.hasher();
    const seal = { key: Buffer.alloc(32), index: 0 };
    const check = await work.write(file.fd, Buffer.alloc(100), { position: 0, hasher, seal });
    await work.read(file.fd, Buffer.alloc(100), { position: 0, check, seal });
    hook.disable();
    expect(visits).toEqual(['moraine.frame', 'moraine.frame']);
  });

  test('goes on with a frame that nobody holds but the pool', async () => {
    // The buffers are dropped at once; others would take their place in memory.
    const writes = Array.from({ length: 40 }, (_, index) =>
      addon.write(file.fd, Buffer.alloc(64 * 1024, index), index * 64 * 1024, new addon.Hasher()),
    );
    Array.from({ length: 200 }, () => Buffer.alloc(64 * 1024, 255));
    const checks = await Promise.all(writes);
    for (const [index, check] of checks.entries()) {
      expect((check as Buffer).readUInt32LE()).toBe(addon.crc32(Buffer.alloc(64 * 1024, index)));
    }
  });

  test('gives memory that direct I/O takes, and V8 knows its weight', async ({ skip }) => {
    const outside = process.memoryUsage().external;
    const frame = nativeFrameWork(addon).allocate();
    expect(process.memoryUsage().external - outside).toBeGreaterThanOrEqual(MIB);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_DIRECT;
    const direct = await open(join(folder, 'direct'), flags).catch(() => undefined);
    if (direct === undefined) {
      return skip('not run: this file system has no direct I/O');
    }
    await using handle = direct;
    const check = await addon.write(handle.fd, frame.fill(7), MIB);
    expect(await addon.read(handle.fd, frame, MIB, check as Buffer)).toBe('intact');
    // What does not begin on a page is refused: so it was direct. The addon has it go through the page cache.
    const elsewhere = frame.subarray(1, 1 + 4097).fill(9);
    await expect(handle.write(elsewhere, 0, 4096, 0)).rejects.toThrow('EINVAL');
    expect(await addon.write(handle.fd, elsewhere, 0)).toBeInstanceOf(Buffer);
    const written = Buffer.alloc(elsewhere.length);
    await handle.read(written, 0, written.length, 0);
    expect(written).toEqual(elsewhere);
  });

  test('refuses what is given wrong, and never ends the program', async () => {
    const hasher = new addon.Hasher();
    const usedUp = new addon.Hasher();
    usedUp.digest();
    const wrong = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true, withNullPrototype: true }),
      fc.constantFrom(hasher, usedUp, addon.Hasher, Object.create(hasher), Object.create(addon.Hasher.prototype)),
      fc.constantFrom(Number.NaN, 2 ** 31, -0, 2 ** 53, Infinity, Symbol.iterator, detached(), new ArrayBuffer(4)),
      fc.constantFrom(Buffer.alloc(0), Buffer.alloc(4), Buffer.alloc(16), Buffer.alloc(32), new SharedArrayBuffer(32)),
    );
    const fd = fc.oneof({ weight: 3, arbitrary: fc.constant(file.fd) }, wrong);
    const calls = ['write', 'read', 'allocate', 'crc32', 'Hasher', 'update', 'digest'] as const;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...calls), fd, fc.array(wrong, { maxLength: 7 }), async (name, first, rest) => {
        await misuse(addon, { name, given: name === 'write' || name === 'read' ? [first, ...rest] : rest });
      }),
      { numRuns: tries(2000) },
    );
  });

  test('may be used by several threads, and one of them may end in the middle of it', async () => {
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      const addon = require(workerData.addon);
      const hasher = new addon.Hasher();
      for (let index = 0; index < 20; index += 1) {
        addon.write(workerData.fd, addon.allocate(${MIB}), 0, hasher, Buffer.alloc(32), index);
      }
      parentPort.postMessage('begun');`;
    const workerData = { addon: ADDON, fd: file.fd };
    const workers = [0, 1].map(() => new Worker(program, { eval: true, workerData }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect(await addon.write(file.fd, Buffer.alloc(8), 0)).toBeInstanceOf(Buffer);
  });
});

/** A buffer whose memory went elsewhere. */
function detached(): Uint8Array {
  const bytes = new Uint8Array(32);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

/** Calls with anything; throwing and refusing are right, and so is success where the arguments happen to be good. */
async function misuse(addon: Addon, { name, given }: { name: string; given: unknown[] }): Promise<void> {
  const prototype = addon.Hasher.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  const exported = addon as unknown as Record<string, (...given: unknown[]) => unknown>;
  try {
    if (name in prototype) await prototype[name]?.call(...(given as [unknown, ...unknown[]]));
    else await exported[name]?.(...given);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}
