/** What a server was started with that its operator's commands need as well. */
export interface Serving {
  /** The first account. */
  accountId: string;
  region: string;
  /** Where the second copy of the bytes is, absolute; null when there is none. */
  mirror: string | null;
  /** Null when there is none. */
  auditLog: {
    /** Absolute, or relative to the data directory, which may be moved. */
    path: string;
    fileBytesMax: number;
    filesMax: number;
  } | null;
}
