import type { ObjectSettings } from '../model/select.ts';

/** An object of a job's output, by where it goes and what it is stored with. */
export interface OutputObject {
  /** The account that the job belongs to. */
  accountId: string;
  bucketName: string;
  key: string;
  contentType: string;
  settings: ObjectSettings;
}

/** Below which keys a job has its output; it ends with `/`. */
export interface OutputFolder {
  accountId: string;
  bucketName: string;
  prefix: string;
}

/**
 * Where the results of select jobs go. Objects appear whole or not at all; one that is written again replaces the one before.
 * Whatever the bucket's owner must mend (no such bucket, no permission, a setting that the bucket does not take) is thrown
 * as OutputRefusedError; anything else is a failure that may pass.
 */
export interface SelectOutput extends AsyncDisposable {
  /** Writes a small object. */
  put(object: OutputObject, bytes: Uint8Array): Promise<void>;
  /** Begins an object of any size. Nothing is visible before `finish`; disposing the writer before that leaves nothing. */
  begin(object: OutputObject): Promise<ObjectWriter>;
  /** Deletes objects; deleting what is not there succeeds. */
  delete(folder: Omit<OutputFolder, 'prefix'>, keys: readonly string[]): Promise<void>;
  /**
   * Deletes what runs that died have left below the prefix: objects and what was begun, but nothing in `keep`. Where the
   * bucket's owner does not allow to list, it does nothing.
   */
  clear(folder: OutputFolder, keep: readonly string[]): Promise<void>;
}

export interface ObjectWriter extends AsyncDisposable {
  /** Takes the next bytes; the caller may reuse the buffer once the promise resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the object durable and visible. */
  finish(): Promise<void>;
}

/** The output cannot be stored where and as it was asked for. `reason` is for whoever asked. */
export class OutputRefusedError extends Error {
  /** S3's error code, as `AccessDenied` or `NoSuchBucket`. */
  readonly code: string;

  constructor(code: string, reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'OutputRefusedError';
    this.code = code;
  }
}
