import { type FileHandle, mkdir, open, rename, unlink } from 'node:fs/promises';

/**
 * File calls that make bytes durable. A failed fsync is never tried again: the kernel may have dropped the pages and call
 * the next one a success, so the caller throws the file away.
 */

/** Makes the entries of a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}

/** Makes a directory, private to the owner, unless it exists; the caller syncs the parent. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** Writes all of `bytes` at `position`; a short write goes on where it stopped. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error('the disk took no bytes');
    done += bytesWritten;
  }
}

/** Writes all of `buffers`, one behind the other, at `position`; a short write goes on where it stopped. */
export async function writeAllFully(handle: FileHandle, buffers: Buffer[], position: number): Promise<void> {
  let [left, at] = [buffers, position];
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left, at);
    if (bytesWritten === 0) throw new Error('the disk took no bytes');
    at += bytesWritten;
    left = behind(left, bytesWritten);
  }
}

/** What is left of `buffers` behind so many bytes. */
function behind(buffers: Buffer[], bytes: number): Buffer[] {
  let passed = 0;
  for (const [index, buffer] of buffers.entries()) {
    if (passed + buffer.length > bytes) return [buffer.subarray(bytes - passed), ...buffers.slice(index + 1)];
    passed += buffer.length;
  }
  return [];
}

/** Makes the bytes of a file durable, and whatever is needed to read them: its length, where they are; not its times. */
export async function syncBytes(handle: FileHandle): Promise<void> {
  await handle.datasync();
}

/** Makes a file durable. */
export async function syncFile(handle: FileHandle): Promise<void> {
  await handle.sync();
}

/** Gives a file another name, in the place of what has it; the caller syncs the directory. */
export async function moveFile(from: string, to: string): Promise<void> {
  await rename(from, to);
}

/** Removes a file, unless it is gone already; the caller syncs the directory where that matters. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** Reads up to `into.length` bytes from `position`; fewer only at the end of the file. */
export async function readFully(handle: FileHandle, into: Buffer, position: number): Promise<Buffer> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return into.subarray(0, done);
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
