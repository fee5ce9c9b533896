/**
 * Where lock records are kept: beside the bytes and not in the metadata, so that neither an old copy of the metadata nor a
 * hand in it can undo a lock. Records are added and never changed or deleted.
 */
export interface LockRecordStore {
  /** The numbers of all records, in order. */
  numbers(): Promise<number[]>;
  /** The text of a record; undefined when there is nothing that could be one. */
  read(number: number): Promise<string | undefined>;
  /** Adds a record, durable on return. Throws, and leaves none, when the number is taken or the record cannot be kept. */
  add(number: number, text: string): Promise<void>;
}
