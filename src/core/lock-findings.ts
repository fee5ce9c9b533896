import { formatInstant } from '../model/instants.ts';
import { limits } from '../model/limits.ts';
import { identityOf, type LockRecord, type VaultIdentity } from '../model/lock-records.ts';
import type { VaultLock } from '../model/vault-locks.ts';
import { vaultArn } from '../model/vaults.ts';
import type { Arrangement } from './arrangement.ts';

/** What a comparison of records and metadata has found about one vault. */
type Finding =
  | { kind: 'agrees'; vault: VaultIdentity; record: LockRecord }
  | { kind: 'unfinished' | 'unrecorded'; vault: VaultIdentity; vaultKey: number; lock: VaultLock }
  | SealedVault
  | { kind: 'lost'; vault: VaultIdentity; record: LockRecord };

interface SealedVault {
  kind: 'sealed';
  vault: VaultIdentity;
  vaultKey: number;
  record: LockRecord;
  reason: string;
}

/** Something the operator has to know. */
export interface LockNotice {
  level: 'info' | 'warn' | 'error';
  text: string;
  facts: object;
}

/** A vault as the operator's commands show it. */
export interface ShownLock {
  vault: string;
  vaultCreatedAt: string;
  state: Finding['kind'];
  reason: string | null;
  record: number | null;
}

/** What is needed to compare records and metadata, and changes neither. */
export type RecordedLocks = ComparedLocks & Pick<Arrangement, 'region'>;

type ComparedLocks = Pick<Arrangement, 'lockBook'> & { metadata: LockReader };

/** What is needed to have the metadata follow the records. */
type Reinstating = Pick<Arrangement, 'lockBook' | 'metadata'>;

interface LockReader {
  vaults: Pick<Arrangement['metadata']['vaults'], 'find'>;
  vaultLocks: Pick<Arrangement['metadata']['vaultLocks'], 'find' | 'locked'>;
}

/** Looks at every lock record and at every lock that is Locked. */
async function* findings(given: ComparedLocks): AsyncGenerator<Finding, void, void> {
  const { metadata, lockBook } = given;
  for (const record of lockBook.locked()) {
    const { vault } = record;
    const found = await metadata.vaults.find(vault);
    if (found === undefined) {
      yield { kind: 'lost', vault, record };
      continue;
    }
    const comparison = lockBook.compare(found, await metadata.vaultLocks.find(found.key));
    if (comparison.kind === 'sealed' && lockBook.sealingRecordOf(found)?.number === record.number) {
      yield { ...comparison, vault: identityOf(found), vaultKey: found.key, record };
      continue;
    }
    if (found.createdAtMs !== vault.createdAtMs) {
      yield { kind: 'lost', vault, record };
      continue;
    }
    if (comparison.kind === 'agrees') yield { kind: 'agrees', vault, record };
    if (comparison.kind === 'unfinished') yield { ...comparison, kind: 'unfinished', vault, vaultKey: found.key };
  }
  for (let afterVaultKey = 0; ; ) {
    const page = await metadata.vaultLocks.locked({ afterVaultKey, limit: limits.lockPageRows });
    for (const { vault, vaultKey, lock } of page) {
      if (lockBook.compare(vault, lock).kind === 'unrecorded') yield { kind: 'unrecorded', vault, vaultKey, lock };
      afterVaultKey = vaultKey;
    }
    if (page.length < limits.lockPageRows) return;
  }
}

/** Whether some vault is locked, by its record or by the metadata. */
export async function someVaultIsLocked(given: Arrangement): Promise<boolean> {
  for await (const _ of findings(given)) return true;
  return false;
}

/** Whether anything is not as it was recorded. Until it is mended nothing may be thrown away for want of a row. */
export async function locksAreDisputed(given: Arrangement): Promise<boolean> {
  if ((await given.lockBook.check()).length > 0) return true;
  for await (const { kind } of findings(given)) if (kind === 'sealed' || kind === 'lost') return true;
  return false;
}

/** Finishes completions that a crash has cut in two, records what is not recorded, and tells of the rest. */
export async function settleLocks(given: Arrangement): Promise<LockNotice[]> {
  const notices: LockNotice[] = given.lockBook.faults.map(({ number, fault }) => ({
    level: 'error',
    text: `lock record ${number} ${fault}`,
    facts: { record: number },
  }));
  notices.push(...foreignRegion(given));
  await given.lockBook.inTurn(async () => {
    for await (const finding of findings(given)) {
      const notice = await settle(given, finding).catch((error: unknown) => ({
        level: 'error' as const,
        text: 'a lock could not be brought in line with its record',
        facts: { error, vault: arnOf(given, finding.vault) },
      }));
      if (notice !== undefined) notices.push(notice);
    }
  });
  return notices;
}

/** A lock policy names its vault with the region, so that under another one nobody can tell what it denies. */
function foreignRegion(given: Arrangement): LockNotice[] {
  const foreign = given.lockBook.locked().find(({ vault, sound }) => sound && vault.arn !== arnOf(given, vault));
  if (foreign === undefined) return [];
  const text =
    'vaults were locked under another --region, and everything is denied on them until it is set to what it was';
  return [{ level: 'error', text, facts: { region: given.region, lockedAs: foreign.vault.arn } }];
}

async function settle(given: Arrangement, finding: Finding): Promise<LockNotice | undefined> {
  const facts = { vault: arnOf(given, finding.vault) };
  switch (finding.kind) {
    case 'agrees':
      return undefined;
    case 'unfinished':
      await given.metadata.vaultLocks.complete({ vaultKey: finding.vaultKey, id: finding.lock.id });
      return { level: 'info', text: 'a vault lock that was being completed was completed', facts };
    case 'unrecorded':
      await record(given, finding);
      return { level: 'warn', text: 'the lock of a vault had no record; it was written again', facts };
    case 'sealed':
      return {
        level: 'error',
        text: `a vault is sealed: ${finding.reason}, and its lock record says otherwise; see \`moraine locks repair\``,
        facts: { ...facts, record: finding.record.number },
      };
    case 'lost':
      return {
        level: 'error',
        text: 'a locked vault is missing from the metadata',
        facts: { ...facts, record: finding.record.number },
      };
  }
}

/** Every lock that was completed and every fault of the records, as plain JSON. */
export async function listLocks(given: RecordedLocks) {
  const locks: ShownLock[] = [];
  for await (const finding of findings(given)) locks.push(shown(given, finding));
  return { locks, faults: await given.lockBook.check() };
}

/**
 * Re-instates the locks of sealed vaults from their records, never the other way round, and does what a start would do for
 * the others. A record that was changed after it was written re-instates nothing, and none takes the place of another lock
 * that is Locked.
 */
export async function repairLocks(given: Arrangement) {
  const repaired: ShownLock[] = [];
  const left: ShownLock[] = [];
  await given.lockBook.inTurn(async () => {
    for await (const finding of findings(given)) {
      if (finding.kind === 'agrees') continue;
      const obstacle = await mend(given, finding);
      if (obstacle === undefined) repaired.push(shown(given, finding));
      else left.push({ ...shown(given, finding), reason: obstacle });
    }
  });
  return { repaired, left };
}

/** Returns why it cannot be done, if so. */
async function mend(given: Arrangement, finding: Finding): Promise<string | undefined> {
  switch (finding.kind) {
    case 'lost':
      return 'the metadata has no such vault';
    case 'sealed':
      return reinstate(given, finding);
    default:
      await settle(given, finding);
      return undefined;
  }
}

/** Re-instates what can be, and does nothing else; returns how many. */
export async function reinstateLocks(given: Reinstating): Promise<number> {
  let reinstated = 0;
  for await (const finding of findings(given)) {
    if (finding.kind === 'sealed' && (await reinstate(given, finding)) === undefined) reinstated += 1;
  }
  return reinstated;
}

async function reinstate(
  given: Reinstating,
  { vault, record, vaultKey, reason }: SealedVault,
): Promise<string | undefined> {
  const { metadata, lockBook } = given;
  if (record.vault.createdAtMs !== vault.createdAtMs) return reason;
  const recorded = record.sound ? (await lockBook.textOf(record))?.lock : undefined;
  if (!recorded) return 'its lock record is damaged';
  if ((await metadata.vaultLocks.find(vaultKey))?.state === 'Locked') {
    return `${reason}, which is Locked like the one on record: put back whichever was changed`;
  }
  const { id, document, createdAtMs } = recorded;
  const lock: VaultLock = { id, document, state: 'Locked', createdAtMs, expiresAtMs: null };
  await metadata.vaultLocks.reinstate({ vaultKey, lock });
  return undefined;
}

async function record(given: Arrangement, { vault, lock }: { vault: VaultIdentity; lock: VaultLock }): Promise<void> {
  const { lockBook, clock, retention } = given;
  const { id, document, createdAtMs } = lock;
  await lockBook.add({
    writtenAtMs: clock.nowMs(),
    vault: { ...vault, arn: arnOf(given, vault) },
    lock: { id, document, createdAtMs, completedAtMs: retention.nowMs() },
  });
}

const arnOf = ({ region }: Pick<Arrangement, 'region'>, { accountId, name }: VaultIdentity): string =>
  vaultArn({ region, accountId, name });

const shown = (given: Pick<Arrangement, 'region'>, finding: Finding): ShownLock => ({
  vault: arnOf(given, finding.vault),
  vaultCreatedAt: formatInstant(finding.vault.createdAtMs),
  state: finding.kind,
  reason: finding.kind === 'sealed' ? finding.reason : null,
  record: 'record' in finding ? finding.record.number : null,
});
