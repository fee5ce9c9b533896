/** What a failure of the database says about the operation that failed, by SQLite's result codes. */
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const PRIMARY_CODE_MASK = 0xff;

/** The files failed, and whether the last commit is on disk is unknown. */
export function isFatal(error: unknown): boolean {
  const code = primaryCode(error);
  return code === SQLITE_IOERR || code === SQLITE_CORRUPT;
}

/**
 * Whether the operation that threw this has surely changed nothing. A full disk is noticed while the pages of a commit are
 * being written: without the last of them there is no commit, now or after a crash. No other failure is as certain; a
 * violated constraint least of all, for it may mean that another row has what was to be recorded.
 */
export function changedNothing(error: unknown): boolean {
  return primaryCode(error) === SQLITE_FULL;
}

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & PRIMARY_CODE_MASK;
}
