import { availableParallelism } from 'node:os';
import { byteLimits } from './byte-limits.ts';
import { fixityLimits } from './fixity-limits.ts';
import { selectLimits } from './select-limits.ts';
import { DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from './units.ts';

export { DAY_MS, GIB, HOUR_MS, KIB, MIB, MINUTE_MS, SECOND_MS } from './units.ts';

/**
 * Every limit of the product has its name here. Those of the API come from the Glacier developer guide ("Quotas" and the
 * pages of the operations); the others bound memory, time and disk of this server.
 */
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
  /** For one page: those that have expired and are still to be deleted are looked at and not shown. */
  jobsLookedAtMax: 500,
  pagePartsMax: 50,
  pageUploadsMax: 50,
  clockSkewMs: 5 * MINUTE_MS,
  uploadIdleMs: DAY_MS,
  /** How far the note of the last sign of life may lag behind: each note is a commit. */
  uploadTouchMs: HOUR_MS,
  /** Bodies of archives and parts that are received at once; each takes a buffer as long as it lasts. */
  receivesAtOnceMax: 256,
  /** How often completing an upload is begun anew because parts came in meanwhile. */
  completionAttemptsMax: 10,
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
  /** Bodies that are read whole before they are understood. */
  wholeBodyBytesMax: MIB,
  /**
   * Of these, the ones that come without a payload hash, as boto3 sends them: they are read before it is known who sent them.
   * The longest expression of a select job fits, though each of its letters may take three times as long in JSON.
   */
  unhashedBodyBytesMax: 512 * KIB,
  /** What all such bodies may take at once. */
  unhashedBytesAtOnceMax: 32 * MIB,
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
  /** Of one source; clients that are set up wrongly and retry stay below. */
  failuresPerMinuteMax: 600,
  failingSourcesMax: 10_000,

  // Buffers and disks.
  ...byteLimits,

  /** A change of the metadata that waits longer makes the server unready. */
  metadataStallMs: 10 * SECOND_MS,

  // The worker.
  /** At once, of each queue. An archive retrieval mostly waits: for the disk, and for its end to be durable. */
  jobsRunningMax: {
    ...{ expedited: 32, standard: 16, bulk: 8, inventory: 2, alone: 1 },
    // A query takes a processor to itself; one is left for everything else.
    ...{ 'select-expedited': 1, select: Math.max(1, availableParallelism() - 1) },
  },
  /** Claimed ahead, of each queue, so that one commit claims many. A job that may take long is claimed when it can begin. */
  jobsWaitingMax: {
    ...{ expedited: 64, standard: 32, bulk: 16, inventory: 0, alone: 0 },
    ...{ 'select-expedited': 0, select: 0 },
  },
  /** Blobs of an archive that are looked at together: it may have 10,000. */
  blobPageRows: 500,
  jobLeaseMs: MINUTE_MS,
  jobAttemptsMax: 5,
  /** Claimed so often when the process ends, a job runs alone from then on: it may be what ended it. */
  jobAttemptsBesideMax: 2,
  /** The pause after a first failure; each further one is several times as long, a few minutes in the end. */
  jobRetryPauseMs: 5 * SECOND_MS,
  jobRetryPauseFactor: 4,
  /** After a failure of the database, or of whatever else keeps jobs from being claimed. */
  jobClaimPauseMs: 5 * SECOND_MS,
  sweepRowsMax: 500,
  /** Of jobs that expire, of vaults that were deleted and of what was given up; fewer where that takes too long. */
  rowsRemovedAtOnceMax: 500,
  /** Files of such rows, deleted side by side. */
  blobsDeletedAtOnceMax: 8,
  idleUploadsAtOnceMax: 20,
  sweepPauseMs: SECOND_MS,
  keySweepPauseMs: HOUR_MS,
  /** After a failure, which is likely to come again. */
  sweepRetryPauseMs: MINUTE_MS,
  /** Bytes that no row refers to are kept this long: a metadata backup put back in their place may still name them. */
  orphanAgeMs: 7 * DAY_MS,
  orphanScanPauseMs: DAY_MS,
  /** The scan looks at every blob, so a server that starts again and again does not begin with it. */
  orphanScanFirstPauseMs: 10 * MINUTE_MS,
  /** So few that what was read of them is gone before the memory for young objects is full. */
  inventoryPageRows: 500,
  /** An inventory of no more archives is written without the thread, whose start would take longer. */
  inventoryInPlaceRowsMax: 10_000,
  inventoryPieceBytes: 256 * KIB,
  /** Pieces of one inventory that are written, on their way or waiting to be: enough that writing a frame holds up nobody. */
  inventoryPiecesMax: 8,
  /** What the thread needs is a tenth of this, whatever the vaults. */
  inventoryThreadHeapMibMax: 64,
  inventoryDailyMs: DAY_MS,
  inventoryDuePauseMs: MINUTE_MS,

  // Segments, which hold the small blobs.
  /** Up to here a blob goes to a segment. Larger ones are written as fast to a file of their own (decision 013). */
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
  // Fixity: the scrub and `moraine check`.
  ...fixityLimits,

  // Select jobs.
  ...selectLimits,

  // Accounts, users and keys.
  accountNameLengthMax: 128,
  /** Of a user or of one of its policies. */
  iamNameLengthMax: 64,
  usersPerAccountMax: 5000,
  identityPoliciesPerUserMax: 10,
  /** Of a user or a root. IAM allows 2; here the old one stays, disabled, when a key is rotated. */
  permanentKeysMax: 5,
  temporaryKeysMax: 1000,
  temporaryKeyMsMin: 15 * MINUTE_MS,
  temporaryKeyMsMax: 36 * HOUR_MS,
  /** So long it is told that a temporary key has expired; after that it is unknown. */
  expiredKeyMs: DAY_MS,
  /** A change that another process made counts after this time at the latest. */
  keyCachedMs: 2 * SECOND_MS,
  /** With a user's key go its policies, so that each may take a quarter of a megabyte. */
  keysCachedMax: 500,
  /** Different beginnings of sealed secrets that are looked at; more than one is a sign of damage. */
  sealBeginningsMax: 100,
  /** How often an id is drawn anew because it is taken. */
  idDrawsMax: 5,

  // Encryption at rest.
  /** The current one, and those that older blobs are wrapped with. */
  encryptionKeysMax: 16,
  encryptionKeyCommandMs: 30 * SECOND_MS,
  /** Far more than so many keys take. */
  encryptionKeyCommandBytesMax: 16 * KIB,

  // Locks and the time that they go by.
  /** Trusted time is kept this often: each time is a commit, and what was not kept is proven again. */
  retentionClockPauseMs: MINUTE_MS,
  /** How much of what is unproven a while of running proves: a week takes about a year. */
  clockCorrectionRatio: 0.02,
  /** Far more than the longest policy takes, every character of it escaped. */
  lockRecordBytesMax: 256 * KIB,
  /** By the ten digits of a record's name. */
  lockRecordNumberMax: 9_999_999_999,
  lockPageRows: 500,
  /** Far more than the longest name takes. */
  vaultRecordBytesMax: KIB,
  vaultPageRows: 500,

  // Making the metadata again.
  /** Of archives and the like that are looked up and added in one commit. */
  rebuildRowsMax: 500,
  /** Blobs of which it is asked side by side whether they are there. */
  blobsLookedAtAtOnceMax: 8,

  // Policies.
  /** Glacier's own, of the access policy and of the lock policy; ours for identity policies. In bytes of UTF-8. */
  policyBytesMax: 20 * KIB,
  /** A longer value of a request, or more values of one key, leave the test undecided. */
  policyValueLengthMax: KIB,
  policyValuesMax: 50,
  /**
   * Characters of patterns times words of 32 characters that one decision may hold them against, about 5 ns each; beyond,
   * tests are undecided. Enough for a full document and the longest value.
   */
  policyWorkMax: 1024 * KIB,
  principalArnLengthMax: 2 * KIB,
  /** By estimate. Some thousand documents of everyday size. */
  policiesCachedBytesMax: 64 * MIB,

  // Notifications.
  webhookUrlLengthMax: 2 * KIB,
  /** From looking the receiver's name up to the end of its reply. */
  deliveryTimeoutMs: 10 * SECOND_MS,
  /** What is read of a reply before the connection is cut. */
  deliveryReplyBytesMax: 64 * KIB,
  /** To one receiver that takes what it is sent. One that did not, or is not known yet, gets one message at a time. */
  deliveriesPerReceiverMax: 4,
  /** At once, besides the first to each receiver: for that there is always room, however many others hang. */
  deliveriesBesideMax: 64,
  /** Longer than a delivery takes, whatever happens; it is never renewed. */
  deliveryLeaseMs: MINUTE_MS,
  deliveryRetryMinMs: SECOND_MS,
  deliveryRetryMaxMs: 5 * MINUTE_MS,
  /** No message waits longer for its next attempt; one that seems to was written by a clock that was ahead. */
  deliveryAheadMs: 5 * MINUTE_MS,
  /** How long a message is kept for a receiver that does not take it. */
  deliveryKeepMs: 14 * DAY_MS,
  /** What a receiver was offered in vain before a message is given up, as often as in that time: a clock may jump. */
  deliveryAttemptsMin: (14 * DAY_MS) / (5 * MINUTE_MS),
  /** Messages of a refused topic that are put off at once. */
  deliveriesPutOffMax: 500,
  /** What deliveries that run are given when the server stops; they are repeated at the next start. */
  deliveryStopMs: 2 * SECOND_MS,
  /** Each is looked at whenever a message may be due. */
  subscriptionsMax: 200,
  /** An unconfirmed subscription ends after this, as at Amazon. */
  subscriptionConfirmMs: 2 * DAY_MS,

  /** How long the count of a day's retrievals is kept. */
  retrievalDaysKeepMs: 40 * DAY_MS,

  // The audit log.
  auditWaitingBytesMax: 8 * MIB,
  /** Of these, what only records of requests that were allowed may take, and those of commands. */
  auditReservedBytes: 2 * MIB,
  auditBatchBytesMax: 256 * KIB,
  /** How long lines may wait for others to be written with. */
  auditPauseMs: 10,
  /** Records of denials within a minute, of one access key. */
  auditDenialsPerMinuteMax: 60,
  /** How long the end of the server waits for the last lines. */
  auditFlushMs: SECOND_MS,
  /** A longer value of a request is cut. */
  auditValueLengthMax: 2 * KIB,
  /** The members of a longer body, as JSON, are left out. The longest policy fits, every character of it escaped. */
  auditBodyLengthMax: 64 * KIB,

  // Commands of the operator.
  adminConnectionsMax: 64,
  /** A policy, which is the largest thing in a command, fits in however its text is escaped. */
  adminRequestBytesMax: 64 * KIB,
  adminRequestMs: 10 * SECOND_MS,
  adminAnswerBytesMax: 64 * MIB,
  adminAnswerMs: 2 * MINUTE_MS,
  /** How long a command waits for a server that starts or stops, or for another command. */
  adminWaitMs: 10 * SECOND_MS,
  adminRetryPauseMs: 50,

  // Health.
  /** An fsync that takes longer is worth a look at the disk. */
  fsyncSlowMs: 100,
  /** What is known of the free space counts for so long. */
  spaceKnownMs: SECOND_MS,
  /** How long an upload waits for a file system to say what is free. */
  spaceLookMs: 5 * SECOND_MS,
  /** Between looks when nobody asks. */
  spaceLookPauseMs: 10 * SECOND_MS,
  /** Of those that are known to be damaged. */
  damagedArchivesShownMax: 1000,
  /** How long after the last one a file call that failed counts as a reason to look at the disk. */
  diskErrorShownMs: DAY_MS,

  // Messages.
  /** Longer words are no misspelling: nothing is suggested for them. */
  suggestionLengthMax: 64,
} as const;
