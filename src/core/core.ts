import { AccessPolicies } from './access-policies.ts';
import { Archives } from './archives.ts';
import type { Arrangement } from './arrangement.ts';
import { Authorisation } from './authorisation.ts';
import { Capacity } from './capacity.ts';
import { Incoming } from './incoming.ts';
import { Jobs } from './jobs.ts';
import { Locks } from './locks.ts';
import { NotificationConfigurations } from './notification-configurations.ts';
import type { RetentionClock } from './retention-clock.ts';
import { RetrievalPolicies } from './retrieval-policies.ts';
import { VaultTags } from './tags.ts';
import { Uploads } from './uploads.ts';
import { Vaults } from './vaults.ts';

/** The rules, one object per noun: what the entrances may ask of the server. */
export interface Core {
  authorisation: Authorisation;
  vaults: Vaults;
  locks: Locks;
  retention: RetentionClock;
  tags: VaultTags;
  notificationConfigurations: NotificationConfigurations;
  accessPolicies: AccessPolicies;
  archives: Archives;
  uploads: Uploads;
  jobs: Jobs;
  retrievalPolicies: RetrievalPolicies;
  capacity: Capacity;
}

/** `onJobStarted` is called for every new job, so that the workers need not poll. */
export function createCore(given: Arrangement, { onJobStarted }: { onJobStarted: () => void }): Core {
  const vaults = new Vaults(given);
  const incoming = new Incoming(given);
  return {
    authorisation: new Authorisation(given),
    vaults,
    locks: new Locks(given, vaults),
    retention: given.retention,
    tags: new VaultTags(given, vaults),
    notificationConfigurations: new NotificationConfigurations(given, vaults),
    accessPolicies: new AccessPolicies(given, vaults),
    archives: new Archives(given, vaults, incoming),
    uploads: new Uploads(given, vaults, incoming),
    jobs: new Jobs(given, vaults, onJobStarted),
    retrievalPolicies: new RetrievalPolicies(given),
    capacity: new Capacity(given),
  };
}
