import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { BlobDamagedError, BlobMissingError, type BlobStore, FRAME_BYTES } from '../../src/blobs/blob-store.ts';
import { MIB, noise } from '../support/hashes.ts';
import { put, readAll } from './blobs.ts';
import { type Corruption, corrupted, corruptions, namedCorruptions } from './corruptions.ts';

/** A store, and the bytes it keeps for a blob as the medium has them, so that a test can damage them. */
export interface StoreUnderTest extends AsyncDisposable {
  readonly store: BlobStore;
  rawBytes(blobId: string): Promise<Buffer>;
  setRawBytes(blobId: string, bytes: Buffer): Promise<void>;
  /** A second store over the same medium, as after a restart. */
  reopened(): Promise<BlobStore>;
}

/** The other corruptions hit a smaller blob, which is quicker to put right again. */
const LARGE_ONE_IN = 30;
const CORRUPTIONS_MS_MAX = 60_000;

/** No byte that was changed is served. */
export function damage(testedOf: () => StoreUnderTest, runs: number): void {
  describe('damage', () => {
    // Each has a file of its own; how small blobs are damaged is tested where they are kept.
    const small = { blobId: '', bytes: noise(MIB + 1, 'small') };
    const large = { blobId: '', bytes: noise(2 * MIB + 9000, 'large') };
    const raw = new Map<string, Buffer>();

    beforeAll(async () => {
      const { store, rawBytes } = testedOf();
      for (const blob of [small, large]) {
        blob.blobId = await put(store, blob.bytes);
        raw.set(blob.blobId, await rawBytes(blob.blobId));
      }
    });

    /** The error that reading the damaged blob ends in; the blob is whole again after it. */
    async function errorOf({ blobId }: { blobId: string }, corruption: Corruption): Promise<unknown> {
      const { store, setRawBytes } = testedOf();
      const whole = raw.get(blobId) ?? Buffer.alloc(0);
      const other = raw.get(blobId === small.blobId ? large.blobId : small.blobId) ?? Buffer.alloc(0);
      const damaged = corrupted(whole, corruption, { other });
      if (damaged === undefined) await store.delete([blobId]);
      else await setRawBytes(blobId, damaged);
      const outcome = await readAll(store, blobId).then(
        () => 'served',
        (error: unknown) => error,
      );
      await setRawBytes(blobId, whole);
      return outcome;
    }

    describe.each([
      ['small', small],
      ['large', large],
    ])('of a %s blob', (_, blob) => {
      test(
        'every damage that has a name is told',
        async () => {
          const sizes = { sizeBytes: blob.bytes.length, fileBytes: raw.get(blob.blobId)?.length ?? 0 };
          for (const { name, corruption } of namedCorruptions(sizes)) {
            const error = await errorOf(blob, corruption);
            if (!(error instanceof BlobDamagedError)) expect.fail(`${name}: ${error}`);
          }
        },
        CORRUPTIONS_MS_MAX,
      );

      test('its absence is told', async () => {
        expect(await errorOf(blob, { kind: 'missing' })).toBeInstanceOf(BlobMissingError);
      });
    });

    test(
      `none of ${runs} random corruptions is served`,
      async () => {
        await fc.assert(
          fc.asyncProperty(corruptions, fc.nat(LARGE_ONE_IN), async (corruption, pick) => {
            const error = await errorOf(pick === LARGE_ONE_IN ? large : small, corruption);
            expect(error instanceof BlobDamagedError || error instanceof BlobMissingError).toBe(true);
          }),
          { numRuns: runs },
        );
        expect((await readAll(testedOf().store, small.blobId)).equals(small.bytes)).toBe(true);
        expect((await readAll(testedOf().store, large.blobId)).equals(large.bytes)).toBe(true);
      },
      CORRUPTIONS_MS_MAX,
    );

    test('a damaged frame does not keep its neighbours', async () => {
      const { store, setRawBytes } = testedOf();
      const whole = raw.get(large.blobId) ?? Buffer.alloc(0);
      const damaged = Buffer.from(whole);
      damaged[5] = (damaged[5] ?? 0) ^ 1;
      await setRawBytes(large.blobId, damaged);
      {
        await using reader = await store.open(large.blobId);
        const into = Buffer.alloc(FRAME_BYTES);
        await expect(reader.readFrame(0, into)).rejects.toThrow(BlobDamagedError);
        expect((await reader.readFrame(1, into)).equals(large.bytes.subarray(MIB, 2 * MIB))).toBe(true);
      }
      await setRawBytes(large.blobId, whole);
    });
  });
}
