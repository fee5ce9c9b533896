/**
 * Every limit of the product has its name here. Those of the API come from the Glacier developer guide ("Quotas" and the
 * pages of the operations); the others bound memory, time and disk of this server.
 */
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const limits = {
  // Glacier's own.
  vaultsPerAccountMax: 1000,
  vaultNameLengthMax: 255,
  descriptionLengthMax: 1024,
  tagsPerVaultMax: 50,
  /** In code points, like the next. */
  tagKeyLengthMax: 128,
  tagValueLengthMax: 255,
  bodySizeBytesMax: 4 * GIB,
  partSizeBytesMin: MIB,
  partSizeBytesMax: 4 * GIB,
  partsMax: 10_000,
  pageVaultsMax: 10,
  pageJobsMax: 50,
  pagePartsMax: 50,
  pageUploadsMax: 50,
  clockSkewMs: 5 * MINUTE_MS,
  uploadIdleMs: DAY_MS,
  /** How far the note of the last sign of life may lag behind: each note is a commit. */
  uploadTouchMs: HOUR_MS,
  /** Bodies of archives and parts that are received at once; each takes up to four frames of memory. */
  receivesAtOnceMax: 256,
  /** How long a completed or aborted upload is remembered, so that repeating the call gives the same answer. */
  uploadRepeatMs: DAY_MS,
  /** How long a vault lock waits to be completed. */
  lockCompletionMs: DAY_MS,
  /** Added to the size of each archive in a vault's SizeInBytes, as Amazon does for its index and metadata. */
  archiveOverheadBytes: 32 * KIB,
  bytesPerHourMax: 2n ** 63n - 1n,
  /** What the bytes of a Standard retrieval are spread over when its rate is reckoned. */
  standardRetrievalHours: 4,
  capacityUnitsMax: 2,
  /** What each unit promises, in each period, at least. */
  retrievalsPerCapacityUnit: 3,
  capacityPeriodMs: 5 * MINUTE_MS,

  // Requests.
  connectionsMax: 4096,
  headerBytesMax: 16 * KIB,
  /** Far more than clients and the proxies on the way send. */
  headersMax: 200,
  headersTimeoutMs: 30 * SECOND_MS,
  headersCheckPauseMs: 10 * SECOND_MS,
  /** Requests that a client may send ahead on one connection; none that we know sends any. */
  requestsWaitingMax: 100,
  keepAliveTimeoutMs: MINUTE_MS,
  /** A download whose client takes nothing for this long is given up. */
  sendStallMs: 10 * MINUTE_MS,
  /** Bodies that are read whole before they are understood (JSON, and whatever comes without a payload hash). */
  wholeBodyBytesMax: MIB,
  jsonDepthMax: 32,
  /** Reading numbers from their digits takes much longer than reading JSON, and the bodies that need it are small. */
  exactJsonBytesMax: 64 * KIB,
  /** Slower than this over one stall time-out and an upload is taken for dead. */
  bodyRateBytesPerSecondMin: 64,
  /** What is still read of a body nobody will use, so that the client sees the answer instead of a reset connection. */
  discardBytesMax: 16 * MIB,
  discardMsMax: 5 * SECOND_MS,
  /** How long a connection stays open after its last answer when nothing more is read from it. */
  lingerMs: SECOND_MS,
  signingKeysCachedMax: 1000,

  // The worker.
  jobsRunningMax: 4,
  jobLeaseMs: MINUTE_MS,
  jobAttemptsMax: 5,
  jobRetryDelayMs: 5 * SECOND_MS,
  sweepRowsMax: 500,
  /** The event loop stands still while an archive or upload of up to 10,000 blobs is given up, so few go at once. */
  idleUploadsAtOnceMax: 1,
  jobsExpiredAtOnceMax: 20,
  sweepPauseMs: SECOND_MS,
  /** After a failure, which is likely to come again. */
  sweepRetryPauseMs: MINUTE_MS,
  /** Bytes that no row refers to are kept this long: a metadata backup put back in their place may still name them. */
  orphanAgeMs: 7 * DAY_MS,
  orphanScanPauseMs: DAY_MS,
  /** The scan looks at every blob, so a server that starts again and again does not begin with it. */
  orphanScanFirstPauseMs: 10 * MINUTE_MS,
  inventoryPageRows: 1000,
  inventoryDailyMs: DAY_MS,

  // Locks and the time that they go by.
  /** Trusted time is kept this often: each time is a commit, and what was not kept is proven again. */
  retentionClockPauseMs: MINUTE_MS,
  /** How much of what is unproven a while of running proves: a week takes about a year. */
  clockCorrectionRatio: 0.02,
  /** Far more than the longest policy takes, every character of it escaped. */
  lockRecordBytesMax: 256 * KIB,
  lockPageRows: 500,

  // Policies.
  /** Glacier's own, of the access policy and of the lock policy; ours for identity policies. In bytes of UTF-8. */
  policyBytesMax: 20 * KIB,
  /** A longer value of a request leaves its test undecided, so that no header buys much work. */
  policyValueLengthMax: 2 * KIB,
  principalArnLengthMax: 2 * KIB,
  policiesCachedMax: 10_000,

  // Messages.
  /** Longer words are no misspelling: nothing is suggested for them. */
  suggestionLengthMax: 64,
} as const;
