import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { moveFile, removeFile, syncDirectory, syncFile, writeFully } from '../../files/durable.ts';
import { MIB } from '../../model/limits.ts';
import { RECORD_ALIGNMENT } from './record-format.ts';
import { everyCopy } from './segment-file.ts';
import { formatMap, formatSegmentHead, INCOMING, mapOf, SEGMENT_HEAD_BYTES, segmentName } from './segment-format.ts';

const BUFFER_BYTES = MIB;

/**
 * Writes a packed segment, the same in some directories at once, beside the one that it is to take the place of. Until `publish`
 * nothing is changed; disposing removes what is not published.
 */
export class PackedWriter implements AsyncDisposable {
  readonly #number: number;
  readonly #directories: readonly string[];
  readonly #handles: FileHandle[] = [];
  readonly #entries: [offset: number, place: number][] = [];
  #buffer = Buffer.alloc(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  #isPublished = false;

  private constructor(number: number, directories: readonly string[]) {
    this.#number = number;
    this.#directories = directories;
  }

  static async create(number: number, directories: readonly string[], nonce: Buffer): Promise<PackedWriter> {
    const writer = new PackedWriter(number, directories);
    try {
      for (const directory of directories) {
        const path = incomingPath(directory, number);
        await removeFile(path);
        writer.#handles.push(await open(path, 'wx', 0o600));
      }
      await writer.append(formatSegmentHead({ form: 'packed', number, nonce }));
      return writer;
    } catch (error) {
      await writer[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Where the next bytes go. */
  get place(): number {
    return this.#written + this.#buffered;
  }

  /** Says that the record whose id has this offset begins at a place. */
  map(offset: number, place: number): void {
    this.#entries.push([offset, place]);
  }

  async append(bytes: Buffer): Promise<void> {
    if (this.#buffered + bytes.length > this.#buffer.length) await this.#flush();
    if (bytes.length > this.#buffer.length) this.#buffer = Buffer.alloc(bytes.length);
    bytes.copy(this.#buffer, this.#buffered);
    this.#buffered += bytes.length;
    const padding = -bytes.length & (RECORD_ALIGNMENT - 1);
    if (padding > 0) await this.append(Buffer.alloc(padding));
  }

  /** Makes the new segment durable under its name; the old one is gone then. One directory after the other. */
  async publish(): Promise<void> {
    const mapAt = this.place;
    await this.append(formatMap({ number: this.#number, map: mapOf(this.#entries), mapAt }));
    await this.#flush();
    await everyCopy(this.#handles, syncFile);
    await everyCopy(this.#handles, (handle) => handle.close());
    this.#isPublished = true;
    for (const directory of this.#directories) {
      await moveFile(incomingPath(directory, this.#number), join(directory, segmentName(this.#number)));
      await syncDirectory(directory);
    }
  }

  /** Of the whole file, when it is published. */
  get bytes(): number {
    return this.place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isPublished) return;
    for (const handle of this.#handles) await handle.close().catch(() => undefined);
    // What cannot be removed now is removed at the next start.
    for (const directory of this.#directories) {
      await removeFile(incomingPath(directory, this.#number)).catch(() => undefined);
    }
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    await everyCopy(this.#handles, (handle) => writeFully(handle, bytes, this.#written));
    this.#written += this.#buffered;
    this.#buffered = 0;
  }
}

/** How long a packed segment is whose records have so many bytes together. */
export const packedBytes = (recordsBytes: number, entries: number): number =>
  SEGMENT_HEAD_BYTES + recordsBytes + formatMap({ number: 0, map: new Uint32Array(0), mapAt: 0 }).length + entries * 8;

const incomingPath = (directory: string, number: number): string => join(directory, INCOMING, segmentName(number));
