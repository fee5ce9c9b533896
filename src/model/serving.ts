/** What a server was started with that its operator's commands need as well. */
export interface Serving {
  /** The first account. */
  accountId: string;
  region: string;
  /** Null when there is none. */
  auditLog: {
    /** Absolute, or relative to the data directory, which may be moved. */
    path: string;
    fileBytesMax: number;
    filesMax: number;
  } | null;
}
