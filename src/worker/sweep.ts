/** A sweep does one bounded piece of work at a time and says whether there is more of it. */
export interface Sweep {
  name: string;
  step: () => Promise<Swept>;
  /** The rest when there is nothing more to do. */
  pauseMs: number;
  /** The rest before the first piece, if any. */
  firstPauseMs?: number;
}

/** What one piece of work has done. */
export interface Swept {
  done: number;
  more: boolean;
  /** Something the operator should know. */
  notice?: string;
  /** Something that is worth a line in the log, and nothing to worry about. */
  news?: string;
}
