import type { FrameWork } from '../frames/frame-work.ts';
import { BlobDamagedError, BlobMissingError, type BlobReader } from './blob-store.ts';
import { CopyReader, StillReadingError } from './copy-reader.ts';
import type { DiskCalls } from './disk-calls.ts';
import { KeyMissingError, type MasterKeys } from './master-keys.ts';
import type { OnFault } from './store-faults.ts';

export interface FileReading {
  blobId: string;
  /** The directories of the copies, in the order in which they are asked. */
  roots: readonly string[];
  calls: DiskCalls;
  frames: FrameWork;
  masterKeys: MasterKeys | null;
  onFault: OnFault;
  /** Whether only its size is wanted, which needs no key. */
  isMeasured?: boolean;
}

/** A copy that can be read from. */
interface ReadableCopy {
  reader: CopyReader;
  dataKey: Buffer | undefined;
}

/**
 * Reads a blob that has a file, checking every byte it hands out. What one copy does not have, or not any more, comes from
 * the other one.
 */
export class FileReader implements BlobReader {
  readonly sizeBytes: number;
  readonly leaves: Buffer;
  readonly #reading: FileReading;
  readonly #first: ReadableCopy;
  /** The directories of copies that come after the first one. */
  readonly #unopened: string[];
  #second: Promise<ReadableCopy> | undefined;

  private constructor(reading: FileReading, { copy, unopened }: { copy: ReadableCopy; unopened: string[] }) {
    this.#reading = reading;
    this.#first = copy;
    this.#unopened = unopened;
    this.sizeBytes = copy.reader.tail.sizeBytes;
    this.leaves = copy.reader.tail.leaves;
  }

  /** Throws BlobMissingError, BlobDamagedError, KeyMissingError, and what the system says. */
  static async open(reading: FileReading): Promise<FileReader> {
    const unopened = [...reading.roots];
    return new FileReader(reading, { copy: await openNext(reading, unopened), unopened });
  }

  async readFrame(index: number, into: Buffer): Promise<Buffer> {
    try {
      return await this.#readFrom(this.#first, index, into);
    } catch (failure) {
      if (failure instanceof RangeError || failure instanceof StillReadingError) throw failure;
      const second = await this.#openSecond().catch(() => undefined);
      if (second === undefined) throw failure;
      return await this.#readFrom(second, index, into);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const second = await this.#second?.catch(() => undefined);
    await Promise.all([this.#first, second].map((copy) => copy?.reader[Symbol.asyncDispose]()));
  }

  async #readFrom({ reader, dataKey }: ReadableCopy, index: number, into: Buffer): Promise<Buffer> {
    const { frames, blobId, onFault } = this.#reading;
    try {
      return await reader.readFrame(index, { into, frames, dataKey });
    } catch (error) {
      if (!(error instanceof RangeError)) onFault({ ...faultOf(error), directory: reader.root, blobId });
      throw error;
    }
  }

  /** Undefined when there is no other copy. Frames of two copies may be mixed, as these are the same to the byte. */
  async #openSecond(): Promise<ReadableCopy | undefined> {
    if (this.#second === undefined && this.#unopened.length === 0) return undefined;
    this.#second ??= openNext(this.#reading, this.#unopened).then(async (copy) => {
      const { sizeBytes, leaves } = copy.reader.tail;
      if (sizeBytes === this.sizeBytes && leaves.equals(this.leaves)) return copy;
      await copy.reader[Symbol.asyncDispose]();
      throw new BlobDamagedError(this.#reading.blobId, 'its copies differ');
    });
    return await this.#second;
  }
}

/** Opens the first copy that can be read, and takes it and those before it from `unopened`. */
async function openNext(reading: FileReading, unopened: string[]): Promise<ReadableCopy> {
  const isThereAnother = unopened.length < reading.roots.length;
  const failures: { directory: string; error: unknown }[] = [];
  const tell = (): void => {
    for (const { directory, error } of failures) {
      reading.onFault({ ...faultOf(error), directory, blobId: reading.blobId });
    }
  };
  for (let directory = unopened.shift(); directory !== undefined; directory = unopened.shift()) {
    try {
      const copy = await openCopy(reading, directory);
      tell();
      return copy;
    } catch (error) {
      if (error instanceof KeyMissingError) throw error;
      failures.push({ directory, error });
    }
  }
  const errors = failures.map(({ error }) => error);
  const present = errors.find((error) => !(error instanceof BlobMissingError));
  // What is nowhere is nobody's fault here: it may have been deleted.
  if (present !== undefined || isThereAnother) tell();
  throw errors.find((error) => error instanceof BlobDamagedError) ?? present ?? errors[0];
}

async function openCopy(reading: FileReading, root: string): Promise<ReadableCopy> {
  const { blobId, calls, masterKeys, isMeasured } = reading;
  const reader = await CopyReader.open({ root, blobId, calls });
  try {
    reader.expectWholeKeys();
    return { reader, dataKey: isMeasured ? undefined : reader.dataKey(masterKeys) };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

/** What a copy did that could not be read, as operators are told. */
export function faultOf(cause: unknown): { kind: 'damage' | 'missing' | 'read'; error: Error } {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  if (error instanceof BlobDamagedError) return { kind: 'damage', error };
  return { kind: error instanceof BlobMissingError ? 'missing' : 'read', error };
}
