/** Something that a store has met and that an operator should hear of, though the call that met it may have gone on. */
export interface StoreFault {
  /**
   * `write`: a copy did not take or keep what was written. `read`: the disk did not give what is on it. `damage`: a copy of
   * a blob is not what was stored. `missing`: a copy of a blob, or all of a copy, is not where it should be.
   */
  kind: 'write' | 'read' | 'damage' | 'missing';
  /** The directory of the copy. */
  directory: string;
  /** Undefined where it is about the whole directory. */
  blobId?: string;
  error: Error;
}

export type OnFault = (fault: StoreFault) => void;
