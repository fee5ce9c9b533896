import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { MIB } from '../model/limits.ts';
import type { FrameHasher, FrameWork } from './frame-work.ts';

/** What the addon of `native/` exports: the same work with plain arguments. Misuse throws; an error number is negative. */
export interface Addon {
  /** Why it can do nothing here; the other members are missing then. */
  reason: string | null;
  /** A multiple of 4096 bytes, at an address that is one too. */
  allocate(sizeBytes: number): Buffer;
  Hasher: new () => FrameHasher;
  /** The value of `zlib.crc32`, on the calling thread. */
  crc32(bytes: Buffer): number;
  write(
    ...work: [fd: number, frame: Buffer, position: number, hasher?: FrameHasher, key?: Buffer, index?: number]
  ): Promise<Buffer | number>;
  read(
    ...work: [fd: number, into: Buffer, position: number, check: Buffer, key?: Buffer, index?: number]
  ): Promise<'intact' | 'short' | 'damaged' | number>;
}

/** Work on frames by the addon: one visit to the pool each. */
export function nativeFrameWork(addon: Addon): FrameWork {
  return {
    kind: 'native',
    reason: null,
    allocate: () => addon.allocate(MIB),
    hasher: () => new addon.Hasher(),
    async write(fd, frame, { position, hasher, seal }) {
      const check = await addon.write(fd, frame, position, hasher, seal?.key, seal?.index);
      if (typeof check === 'number') throw systemError(check, 'write');
      return check;
    },
    async read(fd, into, { position, check, seal }) {
      const state = await addon.read(fd, into, position, check, seal?.key, seal?.index);
      if (typeof state === 'number') throw systemError(state, 'read');
      return state;
    },
  };
}

/** The same error that `node:fs` would have thrown. */
function systemError(errno: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`${code}: ${getSystemErrorMessage(errno)}, ${syscall}`), { errno, code, syscall });
}
