import { AccessPolicies } from './access-policies.ts';
import { Accounts } from './accounts.ts';
import { Archives } from './archives.ts';
import type { Arrangement } from './arrangement.ts';
import { Authorisation } from './authorisation.ts';
import { Capacity } from './capacity.ts';
import { FixityBook } from './fixity.ts';
import { Incoming } from './incoming.ts';
import { Jobs } from './jobs.ts';
import { KeyRing } from './key-ring.ts';
import { Keys } from './keys.ts';
import { Locks } from './locks.ts';
import { NotificationConfigurations } from './notification-configurations.ts';
import type { RetentionClock } from './retention-clock.ts';
import { RetrievalPolicies } from './retrieval-policies.ts';
import { SelectJobs } from './select-jobs.ts';
import { Starting } from './starting.ts';
import { VaultTags } from './tags.ts';
import { Topics } from './topics.ts';
import { Uploads } from './uploads.ts';
import { Users } from './users.ts';
import { Vaults } from './vaults.ts';

/** The rules, one object per noun: what the entrances may ask of the server. */
export interface Core {
  authorisation: Authorisation;
  keyRing: KeyRing;
  accounts: Accounts;
  users: Users;
  keys: Keys;
  vaults: Vaults;
  tags: VaultTags;
  notificationConfigurations: NotificationConfigurations;
  accessPolicies: AccessPolicies;
  archives: Archives;
  uploads: Uploads;
  jobs: Jobs;
  selectJobs: SelectJobs;
  retrievalPolicies: RetrievalPolicies;
  capacity: Capacity;
  topics: Topics;
  locks: Locks;
  retention: RetentionClock;
  fixity: FixityBook;
}

/** Whom the rules tell of what happens. */
export interface Listeners {
  /** Called for every new job with the instant it becomes due, so that the workers need not poll. */
  onJobStarted: (dueAtMs: number) => void;
  /** Called when there is a message to deliver, for the same reason. */
  onMessage: () => void;
  /** Called when an access key is used whose sealed secret cannot be opened. */
  onKeyUnreadable: (key: { accessKeyId: string }) => void;
}

export function createCore(given: Arrangement, { onJobStarted, onMessage, onKeyUnreadable }: Listeners): Core {
  const keyRing = new KeyRing(given, onKeyUnreadable);
  const vaults = new Vaults(given);
  const incoming = new Incoming(given);
  const authorisation = new Authorisation(given);
  const starting = new Starting(given, vaults, onJobStarted);
  return {
    authorisation,
    keyRing,
    accounts: new Accounts(given, keyRing),
    users: new Users(given, keyRing),
    keys: new Keys(given, keyRing),
    vaults,
    tags: new VaultTags(given, vaults),
    notificationConfigurations: new NotificationConfigurations(given, vaults),
    accessPolicies: new AccessPolicies(given, vaults),
    archives: new Archives(given, vaults, incoming),
    uploads: new Uploads(given, vaults, incoming),
    jobs: new Jobs(given, vaults, starting),
    selectJobs: new SelectJobs(given, { vaults, starting, authorisation }),
    retrievalPolicies: new RetrievalPolicies(given),
    capacity: new Capacity(given),
    topics: new Topics(given, onMessage),
    locks: new Locks(given, vaults),
    retention: given.retention,
    fixity: new FixityBook(given),
  };
}
