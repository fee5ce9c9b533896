import type { BlobStore } from '../blobs/blob-store.ts';
import type { CheckReader } from '../metadata/reader.ts';
import type { LockBook } from './lock-book.ts';

/** What a check reads; it changes none of it. */
export interface CheckStores {
  metadata: Omit<CheckReader, keyof Disposable>;
  blobs: Pick<BlobStore, 'stat' | 'verify' | 'list'>;
  lockBook: LockBook;
  region: string;
}

/** Who looks on while it goes on. */
export interface Watching {
  /** Told of archives that were looked at. */
  onArchive: () => void;
  /** Told of bytes that are about to be read. */
  onBytes: (bytes: number) => void;
  pause: (durationMs: number) => Promise<void>;
  nowMs: () => number;
}
