import { KIB, MIB, MINUTE_MS, SECOND_MS } from './units.ts';

/** The limits of the path that bytes take, in and out: file calls and buffers. */
export const byteLimits = {
  // Disks.
  /**
   * File calls at once, for each directory of a store. Two directories together leave some of the 16 threads of libuv's pool
   * to everything else, even when both hang.
   */
  fileCallsAtOnceMax: { reads: 3, writes: 4 },
  /** A file call that takes longer has failed. So long may a disk be busy with what others have given it to write. */
  fileCallMsMax: 30 * SECOND_MS,

  // Buffers.
  /** Of everything that is stored and sent; what waits for a buffer has what the network holds of it besides. */
  frameBytesMax: 64 * MIB,
  /** What holds bodies and outputs that are no longer, and what clients are sent that take little at a time. */
  smallFrameBytes: 64 * KIB,
  /** A client that takes less gets small pieces. */
  slowBytesPerSecond: MIB,
  /** Of one body, besides the one that fills; more make nothing faster. */
  framesInFlightMax: 3,
  /** Unused ones that are kept, of each size. */
  freeFramesMax: 64,
  /** A client that has kept a frame for longer is given up when others wait for one. */
  frameHoldMsMax: 2 * MINUTE_MS,
  /** How often it is looked whether somebody has waited long. */
  frameWatchPauseMs: 5 * SECOND_MS,

  // Blobs.
  /** What a blob says of itself, as text; a description, at its longest, takes two bytes for each of its letters. */
  blobAboutBytesMax: 16 * KIB,
  /** What is read ahead while the metadata is made again from the blobs. */
  blobsSurveyedAtOnceMax: 8,

  // Segments, which hold the small blobs.
  /** Up to here a blob goes to a segment. Larger ones are written as fast to a file of their own (decision 014). */
  segmentBlobBytesMax: 256 * KIB,
  segmentBytesMax: 64 * MIB,
  /** What is written at once, and made durable with one call. */
  segmentBatchBytesMax: 2 * MIB,
  /** One is put together and written while another is being synced. */
  segmentsWrittenAtOnce: 2,
  segmentBatchRecordsMax: 1024,
  /** What waits to be written; whoever adds more waits too. */
  segmentWaitingBytesMax: 16 * MIB,
  /** Files that are kept open for reading, of each copy. */
  segmentsOpenMax: 64,
  /** Deleted records that are remembered, of all segments; each takes about a hundred bytes. */
  holesCachedMax: 100_000,
  /** A segment is rewritten when more of it than this share is of no use. */
  segmentDeadShareMax: 0.25,
  /** The segment that is being written is ended for less than this being deleted in it only when it is full. */
  segmentHollowBytesMin: MIB,
  /** Segments that cannot be compacted before a pass is given up: it is the disk then. */
  compactionFailuresMax: 10,
  compactionBytesPerSecond: 32 * MIB,
  /** What it may read and write at once after a pause. */
  compactionBurstBytes: 4 * MIB,
  compactionPauseMs: 5 * MINUTE_MS,
} as const;
