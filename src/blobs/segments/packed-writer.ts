import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { moveFile, removeFile, syncDirectory, syncFile, writeFully } from '../../files/durable.ts';
import { MIB } from '../../model/limits.ts';
import type { CopyDisk } from './copy-disk.ts';
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
  readonly #disks: readonly CopyDisk[];
  readonly #files: { disk: CopyDisk; handle: FileHandle }[] = [];
  readonly #entries: [offset: number, place: number][] = [];
  #buffer = Buffer.alloc(BUFFER_BYTES);
  #buffered = 0;
  #written = 0;
  #isPublished = false;

  private constructor(number: number, disks: readonly CopyDisk[]) {
    this.#number = number;
    this.#disks = disks;
  }

  static async create(number: number, disks: readonly CopyDisk[], nonce: Buffer): Promise<PackedWriter> {
    const writer = new PackedWriter(number, disks);
    try {
      for (const disk of disks) {
        const path = incomingPath(disk, number);
        await disk.run(() => removeFile(path));
        writer.#files.push({ disk, handle: await disk.open('run', () => open(path, 'wx', 0o600)) });
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
    await everyCopy(this.#files, ({ disk, handle }) => disk.run(() => syncFile(handle)));
    await everyCopy(this.#files, ({ disk, handle }) => disk.run(() => handle.close()));
    this.#isPublished = true;
    for (const disk of this.#disks) {
      const path = join(disk.directory, segmentName(this.#number));
      await disk.run(async () => {
        await moveFile(incomingPath(disk, this.#number), path);
        await syncDirectory(disk.directory);
      });
    }
  }

  /** Of the whole file, when it is published. */
  get bytes(): number {
    return this.place;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isPublished) return;
    for (const { disk, handle } of this.#files) await disk.tidy(() => handle.close());
    // What cannot be removed now is removed at the next start.
    for (const disk of this.#disks) await disk.tidy(() => removeFile(incomingPath(disk, this.#number)));
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    const at = this.#written;
    await everyCopy(this.#files, ({ disk, handle }) => disk.run(() => writeFully(handle, bytes, at)));
    this.#written += this.#buffered;
    this.#buffered = 0;
  }
}

/** How long a packed segment is whose records have so many bytes together. */
export const packedBytes = (recordsBytes: number, entries: number): number =>
  SEGMENT_HEAD_BYTES + recordsBytes + formatMap({ number: 0, map: new Uint32Array(0), mapAt: 0 }).length + entries * 8;

const incomingPath = ({ directory }: CopyDisk, number: number): string =>
  join(directory, INCOMING, segmentName(number));
