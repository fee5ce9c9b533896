import type { Metadata } from '../../src/metadata/metadata.ts';
import { ACCOUNT, newVault, T0 } from './metadata-fixtures.ts';
import { addKey, newAccount, newKey, newUser } from './metadata-identities.ts';
import { newLock } from './metadata-locks.ts';

/** The operations about who may do what, and as what the server serves, each done once or for a whole life. */
export const identityOperations = (metadata: () => Metadata): Record<string, () => Promise<unknown>> => ({
  'accounts.create and delete': async () => {
    const { accountId, rootKeyId } = await newAccount(metadata());
    await metadata().accounts.setDisabled({ accountId, disabledAtMs: T0 });
    await metadata().keys.find(rootKeyId);
    await metadata().accounts.delete(accountId);
  },
  'users, a life': async () => {
    const user = await newUser(metadata());
    await metadata().users.list(user.accountId);
    await metadata().users.attachPolicy({
      user,
      policy: { name: 'p', document: '', attachedAtMs: T0 },
      policiesMax: 1,
    });
    await metadata().users.policies(user);
    await metadata().users.detachPolicy({ user, name: 'p' });
    await metadata().users.delete(user);
  },
  'keys, a life': async () => {
    const { accountId, name: user, rootKeyId } = await newUser(metadata());
    const accessKeyId = await addKey(metadata(), { accountId, user });
    await metadata().keys.find(accessKeyId);
    await metadata().keys.rotate({ accessKeyId, key: newKey(), permanentMax: 9, temporaryMax: 9 });
    await metadata().keys.enable(accessKeyId);
    await metadata().keys.disable({ accessKeyId: rootKeyId, rootElsewhere: '', nowMs: T0 });
    await metadata().keys.delete({ accessKeyId, rootElsewhere: '' });
    await metadata().keys.has(accessKeyId);
  },
  'keys.deleteExpired': () => metadata().keys.deleteExpired({ beforeMs: T0, limit: 5 }),
  'vaultLocks, a life': async () => {
    for (const end of ['complete', 'abort'] as const) {
      const { key } = await newVault(metadata());
      const lock = newLock();
      await metadata().vaultLocks.initiate({
        vaultKey: key,
        lock,
        users: [],
        records: { own: undefined, predecessor: undefined },
      });
      await metadata().vaultLocks[end]({ vaultKey: key, id: lock.id });
      await metadata().vaultLocks.reinstate({ vaultKey: key, lock });
      await metadata().vaultLocks.find(key);
    }
  },
  'vaultLocks.locked': () => metadata().vaultLocks.locked({ afterVaultKey: 5, limit: 500 }),
  'vaultPolicies.find': () => metadata().vaultPolicies.find({ accountId: ACCOUNT, name: 'x' }),
  serving: async () => {
    await metadata().serving.save({ accountId: ACCOUNT, region: 'us-east-1', mirror: null, auditLog: null });
    await metadata().serving.find();
  },
  retentionClock: async () => {
    await metadata().retentionClock.save({ highWaterAtMs: T0, unprovenMs: 0, suspectAtMs: null });
    await metadata().retentionClock.find();
  },
});
