import { MirrorMissingError } from './blobs/disk.ts';
import type { OnFault, StoreFault } from './blobs/store-faults.ts';
import { isErrno } from './files/durable.ts';
import type { Health } from './telemetry/health.ts';
import type { Log } from './telemetry/log.ts';

const TEXTS: Readonly<Record<StoreFault['kind'], string>> = {
  write: 'a copy of the store did not take a blob',
  read: 'a copy of the store did not give a blob',
  damage: 'a copy of a blob is damaged',
  missing: 'a copy of a blob is missing',
};

/** Tells the log and the health of the server what the blob store comes across. */
export function faultReport({ health, log }: { health: Health; log: Log }): OnFault {
  return ({ kind, directory, blobId, error }) => {
    if (kind === 'missing' && blobId === undefined) {
      // One that was missing at the start is not written to before the next one, wherever it is meanwhile.
      if (error instanceof MirrorMissingError) health.watch('mirror-failing', () => true);
      else health.set('mirror-failing', true);
      log.error({ directory }, error.message);
      return;
    }
    log.error({ error, directory, blobId }, TEXTS[kind]);
    // A full disk is told by its free space.
    if ((kind !== 'write' && kind !== 'read') || isErrno(error, 'ENOSPC')) return;
    const isSync = 'syscall' in error && (error.syscall === 'fsync' || error.syscall === 'fdatasync');
    health.noteFailure(isSync ? 'fsync' : kind, error.message);
  };
}
