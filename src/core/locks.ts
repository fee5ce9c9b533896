import { GlacierError, invalidParameter, notFound } from '../model/errors.ts';
import { newLockId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { identityOf } from '../model/lock-records.ts';
import { bindingLock, type LockComparison, lockMoves, type VaultLock } from '../model/vault-locks.ts';
import type { Vault, VaultName } from '../model/vaults.ts';
import { compilePolicy } from '../policy/compile.ts';
import { safeEqual } from '../sigv4/safe-equal.ts';
import type { Arrangement } from './arrangement.ts';
import { listLocks, repairLocks, settleLocks } from './lock-findings.ts';
import { releaseOrphans } from './orphans.ts';
import { unknownUser, usersAmong } from './policy-users.ts';
import type { Vaults } from './vaults.ts';

/**
 * Vault locks: a policy that binds as soon as it is set, can be taken back for a day, and never after it was completed. A
 * completed lock is recorded beside the bytes before the metadata say so, and that record outlasts them.
 */
export class Locks {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;

  constructor(given: Arrangement, vaults: Vaults) {
    this.#given = given;
    this.#vaults = vaults;
  }

  /** Puts a lock in progress and returns its id, which completing it needs. */
  async initiate(vault: VaultName, document: string): Promise<string> {
    // A vault that is not there is the first thing to hear of, as with access policies.
    await this.#vaults.require(vault);
    const { principalArns } = compilePolicy(document, { kind: 'lock', vaultArn: this.#vaults.arn(vault) });
    const users = usersAmong(principalArns, vault.accountId);
    const { metadata, lockBook, retention } = this.#given;
    return lockBook.inTurn(async () => {
      const found = await this.#vaults.require(vault);
      const createdAtMs = retention.nowMs();
      const lock: VaultLock = {
        id: newLockId(),
        document,
        state: 'InProgress',
        createdAtMs,
        expiresAtMs: createdAtMs + limits.lockCompletionMs,
      };
      const move = lockMoves.initiate((await this.#lockOf(found)).binding);
      if (move === 'locked') throw this.#denied(vault, 'is locked, and its lock cannot be changed');
      if (move === 'in-progress') {
        throw this.#denied(vault, 'has a lock in progress, which has to be aborted or completed first');
      }
      const records = lockBook.recordsOf(found);
      const outcome = await metadata.vaultLocks.initiate({ vaultKey: found.key, lock, users, records });
      if (outcome === 'vault-gone') throw this.#vaults.notFound(vault);
      if (typeof outcome === 'object') throw unknownUser('lock', outcome.unknown);
      if (outcome === 'refused') throw new Error('the lock changed in the middle of a turn');
      return lock.id;
    });
  }

  /** The lock that binds the vault. Of a vault whose lock is not as it was recorded, the one that was recorded. */
  async get(vault: VaultName): Promise<VaultLock> {
    const found = await this.#vaults.require(vault);
    const { binding, comparison } = await this.#lockOf(found);
    const lock = comparison.kind === 'sealed' ? await this.#recordedLock(found) : binding;
    if (lock === undefined) throw this.#noLock(vault);
    return lock;
  }

  /** Takes a lock in progress back; without one there is nothing to do. */
  async abort(vault: VaultName): Promise<void> {
    const { metadata, lockBook } = this.#given;
    await lockBook.inTurn(async () => {
      const found = await this.#vaults.require(vault);
      const { binding } = await this.#lockOf(found);
      const move = lockMoves.abort(binding);
      if (move === 'locked') throw this.#denied(vault, 'is locked, and its lock cannot be aborted');
      if (move === 'remove' && binding !== undefined) {
        await metadata.vaultLocks.abort({ vaultKey: found.key, id: binding.id });
      }
    });
  }

  /** Locks for ever. Durable on return: the record beside the bytes first, then the row. Repeating it succeeds. */
  async complete(vault: VaultName, id: string): Promise<void> {
    await this.#given.lockBook.inTurn(async () => {
      const found = await this.#vaults.require(vault);
      const { binding, comparison } = await this.#lockOf(found);
      switch (lockMoves.complete(binding, (own) => safeEqual(own, id))) {
        case 'none':
          throw this.#noLock(vault);
        case 'other-id':
          throw invalidParameter(`The lock ID is not valid for the vault: ${this.#vaults.arn(vault)}`);
        case 'locked':
          throw this.#denied(vault, 'is locked with another lock ID');
        default:
          await this.#lockForEver(found, comparison);
      }
    });
  }

  /** Mends at start what a crash has cut in two, and tells of everything else that is not as it was recorded. */
  settle = () => settleLocks(this.#given);

  /** Every lock that was completed, as recorded and as the metadata have it; for the operator. */
  list = () => listLocks(this.#given);

  /** Puts the locks of sealed vaults back as they were recorded; for the operator. */
  repair = () => repairLocks(this.#given);

  /** Lets bytes without a row go that are kept because vaults are locked; for the operator. */
  releaseOrphans = () => releaseOrphans(this.#given);

  async #lockForEver(vault: Vault, comparison: LockComparison): Promise<void> {
    const { metadata, lockBook, retention, clock } = this.#given;
    if (comparison.kind === 'none' || comparison.kind === 'sealed' || comparison.kind === 'agrees') return;
    const { lock } = comparison;
    if (comparison.kind !== 'unfinished') {
      const { id, document, createdAtMs } = lock;
      const identity = { ...identityOf(vault), arn: this.#vaults.arn(vault) };
      const recorded = { id, document, createdAtMs, completedAtMs: retention.nowMs() };
      await lockBook.add({ writtenAtMs: clock.nowMs(), vault: identity, lock: recorded });
    }
    const completed = await metadata.vaultLocks.complete({ vaultKey: vault.key, id: lock.id });
    if (!completed) throw new Error('the lock vanished in the middle of a turn');
  }

  async #lockOf(vault: Vault): Promise<{ binding: VaultLock | undefined; comparison: LockComparison }> {
    const { metadata, lockBook, retention } = this.#given;
    const comparison = lockBook.compare(vault, await metadata.vaultLocks.find(vault.key));
    return { binding: bindingLock(comparison, retention.nowMs()), comparison };
  }

  async #recordedLock(vault: Vault): Promise<VaultLock | undefined> {
    const { lockBook } = this.#given;
    const record = lockBook.sealingRecordOf(vault);
    const recorded = record && (await lockBook.textOf(record))?.lock;
    if (!recorded) return undefined;
    const { id, document, createdAtMs } = recorded;
    return { id, document, state: 'Locked', createdAtMs, expiresAtMs: null };
  }

  #denied(vault: VaultName, why: string): GlacierError {
    return new GlacierError('AccessDeniedException', `The vault ${this.#vaults.arn(vault)} ${why}.`);
  }

  #noLock(vault: VaultName): GlacierError {
    return notFound(`No vault lock policy is set for: ${this.#vaults.arn(vault)}`);
  }
}
