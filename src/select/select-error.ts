/** A place in the text of a query; both count from 1, columns in code points. */
export interface Place {
  line: number;
  column: number;
}

/** Where in the archive a run failed. */
export interface RecordPlace {
  /** Counts from 1; a header and comments count. */
  record: number;
  /** Of the record's first byte, in the archive. */
  byteOffset: number;
}

/**
 * Why a query cannot be run, or why its run failed. The code is one of S3 Select's error names ("SELECT object content
 * errors"); the message is for people and says what and where, but not the code.
 */
export class SelectError extends Error {
  readonly code: string;
  readonly at: RecordPlace | undefined;

  constructor(code: string, message: string, options?: ErrorOptions & { at?: RecordPlace }) {
    super(message, options);
    this.name = 'SelectError';
    this.code = code;
    this.at = options?.at;
  }
}

/** An error in the text of a query; its message ends with the place. */
export const errorAt = (code: string, message: string, { line, column }: Place): SelectError =>
  new SelectError(code, `${message} at line ${line}, column ${column}`);
