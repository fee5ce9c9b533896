import { DAY_MS, MIB, MINUTE_MS, SECOND_MS } from './units.ts';

/** The limits of the scrub, of `moraine check`, and of what they put on record. */
export const fixityLimits = {
  /** Read so often before it is called damage. */
  verifyAttemptsMax: 3,
  verifyRetryPauseMs: 2 * SECOND_MS,
  /** Archives that are verified between two looks at how the pass is doing. */
  scrubBatchMax: 100,
  /** Verdicts wait this long for others to be noted with; the same for the place within a large archive. */
  scrubNoteMs: 5 * SECOND_MS,
  /** A pass aims to be through in this share of the time that it has; the rest is for when the server does not run. */
  scrubTimeShare: 0.8,
  /** However late it is, a pass is not hurried more than if it had this share of its time left. */
  scrubHurryShare: 0.05,
  /** A small store is read no slower: its pass ends sooner, and the scrub rests. */
  scrubBytesPerSecondMin: MIB,
  /** What may be read at once after a pause. */
  scrubBurstBytes: 4 * MIB,
  /** The first pass begins within this time. */
  scrubFirstPauseMs: DAY_MS,
  scrubPauseMs: MINUTE_MS,
  /** Blobs that are being sent; where there are so many, the scrub waits for a while before each frame. */
  scrubYieldDownloads: 8,
  scrubYieldMs: SECOND_MS,
  fixityFileBytesMax: 64 * MIB,
  /** Together 4 GiB: some 10 million events. */
  fixityFilesMax: 64,
  /** Of damaged archives that are shown at once. */
  fixityShownMax: 10_000,
  /** Archives that `moraine check` looks at side by side, each with a frame of memory. */
  checkedAtOnceMax: 8,
  checkPageRows: 500,
  /** Each is counted archive by archive. */
  checkPageVaults: 10,
  /** Bytes without a row that are younger may be about to get one. */
  checkOrphanAgeMs: 10 * MINUTE_MS,
  /** Verdicts that `moraine check` hands to a running server at once. */
  fixityNotedMax: 100,
} as const;
