import { DAY_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from './units.ts';

/** Those of the limits that bound select jobs: the request, the query, its values, the output. */
export const selectLimits = {
  // Jobs.
  /** Glacier's own, in bytes of UTF-8: of the prefix as it is sent. */
  selectPrefixBytesMax: 512,
  /** S3's own, of an object: tags, of which keys are as long as those of vaults, and what is said beside it. */
  selectTagsMax: 10,
  selectTagValueLengthMax: 256,
  selectMetadataBytesMax: 2 * KIB,
  selectGrantsMax: 100,
  /** Of the name of a grantee or of a KMS key. */
  selectNameLengthMax: 2 * KIB,
  selectContextBytesMax: 8 * KIB,
  /** What a query reads is handed to its thread in pieces of this size, so many at once. */
  selectChunkBytes: MIB,
  selectChunksMax: 4,
  /** What it writes comes back likewise: a chunk that is written as it was read, and what was left of the record before. */
  selectPieceBytes: MIB + 64 * KIB,
  selectPiecesMax: 3,
  /** A part of the results ends with the record that makes it so large, or soon after. */
  selectPartBytes: 128 * MIB,
  selectThreadHeapMibMax: 256,
  /** A thread that has something to do and gives no sign for this long is ended. */
  selectStallMs: MINUTE_MS,
  selectRunMsMax: DAY_MS,
  /** How long it is tried to remove what a run has written that was broken off: it may be the server that has to end. */
  selectDiscardMs: 10 * SECOND_MS,
  /** A thread whose query came to its end waits so long for the next one: starting one takes longer than a small query. */
  selectIdleMs: 15 * SECOND_MS,

  // Queries.
  /** Glacier's own, in bytes of UTF-8. */
  selectExpressionBytesMax: 128 * KIB,
  /** How deep expressions may stand within one another; chains of AND, OR and arithmetic are one level, however long. */
  selectNestingMax: 200,
  /** Of a record, read or written, without its delimiter. */
  selectRecordBytesMax: MIB,
  /** Of one record. */
  selectColumnsMax: 1_048_576,
  /** What is looked at in one go: it stays in the caches of a processor. */
  selectAdvanceBytes: 128 * KIB,

  // Values of Select.
  /** Of a decimal; the SQL reference says so. Results are rounded to them. */
  selectDecimalDigitsMax: 38,
  /** The power of ten of a decimal's first digit, above and below one; what the decimals of IEEE 754 have in 128 bits. */
  selectDecimalExponentMax: 6144,
  /** A longer text is no number: reading one takes longer than its length. */
  selectNumberLengthMax: 1000,
  /** A longer text is no timestamp. */
  selectTimestampLengthMax: 64,
  /** Characters of a LIKE pattern from the first to the last that is not `_`, between two `%` and with `_` among them. */
  selectLikeSpanMax: 128,
  /** What is shown of a value in a message, in code points. */
  selectShownLengthMax: 40,

  // The output.
  /** S3's own, in bytes of UTF-8. */
  objectKeyBytesMax: 1024,
  /** Of an object in a bucket; a smaller one is sent whole. S3 takes no smaller ones than 5 MiB. */
  outputPartBytes: 8 * MIB,
  /** Of one object, while the next one fills. */
  outputPartsUnderWayMax: 2,
  outputDeletionsAtOnceMax: 16,
  outputConnectMs: 5 * SECOND_MS,
  /** Enough for a part at a megabit a second. */
  outputAttemptMs: MINUTE_MS,
  outputAttemptsMax: 3,
  /** Of one call, whatever keeps it. */
  outputCallMs: 3 * MINUTE_MS,
  /** Of a call that stores a small object: clients of InitiateJob wait for one, most of them for a minute. */
  outputPutMs: 30 * SECOND_MS,
  /** A page of the longest keys, each character of them escaped, takes less. */
  outputReplyBytesMax: 8 * MIB,
  /** What is shown of what S3 says. */
  outputReasonLengthMax: 1024,
} as const;
