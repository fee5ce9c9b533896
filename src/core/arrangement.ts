import type { BlobStore } from '../blobs/blob-store.ts';
import type { VaultRecordStore } from '../blobs/vault-record-store.ts';
import type { Metadata } from '../metadata/metadata.ts';
import type { Clock } from '../model/clock.ts';
import type { FixityEvent } from '../model/fixity.ts';
import type { RetrievalLimits } from '../model/retrieval-limits.ts';
import type { RetrievalTimes } from '../model/retrieval-times.ts';
import type { AddressRules } from '../notify/addresses.ts';
import type { SigningKey } from '../notify/signing-key.ts';
import type { Lookup } from '../notify/webhook-url.ts';
import type { SelectOutput } from '../select-output/select-output.ts';
import type { FixityLog } from '../telemetry/fixity-log.ts';
import type { Health } from '../telemetry/health.ts';
import type { DiskSpace } from './disk-space.ts';
import type { Downloads } from './downloads.ts';
import type { FramePool } from './frame-pool.ts';
import type { SecretsKey } from './sealing.ts';

/** The root key of the first account, which is not in the database. */
export interface StartingKey {
  accountId: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Where it came from, for people. */
  origin: string;
}

import type { LockBook } from './lock-book.ts';
import type { RetentionClock } from './retention-clock.ts';

/** What the rules stand on: the stores, the time, and the settings that the rules depend on. */
export interface Arrangement {
  metadata: Metadata;
  blobs: BlobStore;
  space: DiskSpace;
  frames: FramePool;
  downloads: Downloads;
  clock: Clock;
  health: Health;
  rootKey: StartingKey;
  secretsKey: SecretsKey;
  /** What ages go by, and nothing else. */
  retention: RetentionClock;
  lockBook: LockBook;
  vaultRecords: VaultRecordStore;
  region: string;
  retrievalTimes: RetrievalTimes;
  retrievalLimits: RetrievalLimits;
  /** Whether counts and inventories are as of now, or as of the last daily inventory. */
  inventory: 'live' | 'daily';
  jobRetentionMs: number;
  /** Whether queries may hold only what Glacier's own documents list. */
  selectStrict: boolean;
  /** What the results of one select job may take. */
  selectOutputBytesMax: number;
  notices: Notices;
  /** Where the results of select jobs go. */
  selectOutput: SelectOutput;
  /** Where verdicts on archives are put on record. */
  fixityLog: Pick<FixityLog, 'write'>;
  /** Told of every damage that somebody meets. */
  onDamage: (damage: Damage) => void;
  /** How long a pass of the scrub may take; null when there is none. */
  scrubEveryMs: number | null;
}

/** Bytes that are not what was stored, or are not there. */
export interface Damage {
  what: string;
  /** Where somebody came across it who read. */
  blobId?: string;
  /** Where an archive was verified. */
  event?: FixityEvent;
}

/** What the rules about messages stand on. */
export interface Notices {
  /** Whether what is published goes to an SNS endpoint too. */
  throughSns: boolean;
  /** The key that signs messages, made if there is none yet. */
  signingKey: () => Promise<SigningKey>;
  /** The key, if there is one. */
  findSigningKey: () => Promise<SigningKey | undefined>;
  /** Where webhooks may be. */
  rules: AddressRules;
  lookup: Lookup;
}
