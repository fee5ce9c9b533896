import { GlacierError, invalidParameter, notFound } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { VaultIdentity } from '../model/lock-records.ts';
import { isEmpty, isVaultName, type Vault, type VaultName, vaultArn } from '../model/vaults.ts';
import type { Arrangement } from './arrangement.ts';
import { accountDenied } from './authorisation.ts';

/** A vault as DescribeVault and ListVaults tell it. */
export interface VaultDescription {
  arn: string;
  name: string;
  createdAtMs: number;
  lastInventoryAtMs: number | null;
  archiveCount: number;
  /** With the overhead Amazon adds per archive. */
  sizeBytes: number;
}

export class Vaults {
  readonly #given: Arrangement;

  constructor(given: Arrangement) {
    this.#given = given;
  }

  /** Makes a vault; one that exists stays as it is. */
  async create(vault: VaultName): Promise<void> {
    if (!isVaultName(vault.name)) {
      throw invalidParameter(
        `Invalid vault name: ${vault.name}. A name has 1 to ${limits.vaultNameLengthMax} characters ` +
          'out of a-z, A-Z, 0-9, "_", "-" and ".".',
      );
    }
    const outcome = await this.#create(vault);
    // It was disabled or deleted after it was decided that the caller may.
    if (outcome === 'no account') throw accountDenied(vault.accountId);
    if (outcome === 'full') {
      throw new GlacierError(
        'LimitExceededException',
        `The account has ${limits.vaultsPerAccountMax} vaults, which is the limit.`,
      );
    }
  }

  async #create(vault: VaultName) {
    const { metadata, clock, vaultRecords } = this.#given;
    const asked = { ...vault, vaultsMax: limits.vaultsPerAccountMax };
    // In this order: a vault that was just deleted has its deletion on record.
    if ((await metadata.vaults.find(vault)) !== undefined) {
      const outcome = await metadata.vaults.create({ ...asked, nowMs: clock.nowMs(), isNoted: false });
      if (outcome !== 'missing') return outcome;
    }
    this.#refuseLost(vault);
    const identity = { ...vault, createdAtMs: clock.nowMs() };
    await vaultRecords.add([identity]);
    const outcome = await metadata.vaults.create({ ...asked, nowMs: identity.createdAtMs });
    // Another request may have made it in the same millisecond: then the record is that of its vault.
    const isMade = (await metadata.vaults.find(vault))?.createdAtMs === identity.createdAtMs;
    if (!isMade) await this.#forget(identity);
    return outcome;
  }

  /** A record that stays because it cannot be removed is removed by the scan for orphans. */
  async #forget(vault: VaultIdentity): Promise<void> {
    await this.#given.vaultRecords.remove(vault).catch(() => undefined);
  }

  /** Notes all vaults beside the bytes: there may be some that are older than such notes. */
  async noteAll(): Promise<void> {
    const { metadata, vaultRecords } = this.#given;
    for (let afterKey = 0; ; ) {
      const vaults = await metadata.vaults.identities({ afterKey, limit: limits.vaultPageRows });
      await vaultRecords.add(vaults);
      if (vaults.length < limits.vaultPageRows) return;
      afterKey = vaults.at(-1)?.key ?? afterKey;
    }
  }

  /** A new vault in the place of a locked one that is missing would be sealed from its first day. */
  #refuseLost(vault: VaultName): void {
    if (!this.#given.lockBook.isTaken(vault)) return;
    throw new GlacierError(
      'AccessDeniedException',
      `The vault ${this.arn(vault)} was locked and is missing from the metadata; an operator has to put it back.`,
    );
  }

  async describe(vault: VaultName): Promise<VaultDescription> {
    return this.#describe(await this.require(vault));
  }

  /** A page of the account's vaults by name, after a name; `more` tells whether others follow. */
  async list(page: { accountId: string; afterName: string; limit: number }) {
    const vaults = await this.#given.metadata.vaults.list({ ...page, limit: page.limit + 1 });
    return {
      vaults: vaults.slice(0, page.limit).map((vault) => this.#describe(vault)),
      more: vaults.length > page.limit,
    };
  }

  /** Deletes a vault that shows no archive; a vault that is not there counts as deleted. */
  async delete(vault: VaultName): Promise<void> {
    if (!isVaultName(vault.name)) throw this.notFound(vault);
    const outcome = await this.#given.lockBook.inAnyTurn(() => this.#deleteNoted(vault));
    if (outcome === 'refused') throw invalidParameter(`Vault not empty or recently written to: ${this.arn(vault)}`);
  }

  /** Nobody else deletes vaults meanwhile, so what is found is what is deleted. */
  async #deleteNoted(vault: VaultName): Promise<'deleted' | 'refused'> {
    const found = await this.#given.metadata.vaults.find(vault);
    const outcome = await this.#delete(vault);
    if (found !== undefined && outcome === 'deleted') await this.#forget(found);
    return outcome;
  }

  /** That a locked vault was deleted is on record before it is, or its record would mean a vault that was lost. */
  async #delete(vault: VaultName): Promise<'deleted' | 'refused'> {
    const { metadata, lockBook, clock, inventory } = this.#given;
    const found = await metadata.vaults.find(vault);
    const recorded = found && lockBook.recordOf(found);
    // A record that may or may not have been kept is of a vault with a lock, or with a record before it.
    if (found && (recorded || (await metadata.vaultLocks.find(found.key)))) await lockBook.beSure();
    if (found === undefined || !recorded?.lock) return metadata.vaults.delete({ ...vault, inventory });
    if (!isEmpty(found, inventory) || (await metadata.vaults.hasArchives(found.key))) return 'refused';
    const written = await lockBook.textOf(recorded);
    const record = { writtenAtMs: clock.nowMs(), vault: recorded.vault };
    await lockBook.add({ ...record, lock: null });
    const outcome = await metadata.vaults.delete({ ...vault, inventory });
    // An upload came in between: the vault stays, and so does its lock.
    if (outcome === 'refused' && written?.lock) await lockBook.add({ ...record, lock: written.lock });
    return outcome;
  }

  /** The vault, or ResourceNotFoundException. */
  async require(vault: VaultName): Promise<Vault> {
    const found = isVaultName(vault.name) ? await this.#given.metadata.vaults.find(vault) : undefined;
    if (found === undefined) throw this.notFound(vault);
    return found;
  }

  arn({ accountId, name }: VaultName): string {
    return vaultArn({ region: this.#given.region, accountId, name });
  }

  /** A name that no vault can have is named as it came, not as an ARN, like the real service does. */
  notFound(vault: VaultName): GlacierError {
    return notFound(`Vault not found for ARN: ${isVaultName(vault.name) ? this.arn(vault) : vault.name}`);
  }

  #describe(vault: Vault): VaultDescription {
    const { archiveCount, archiveBytes, lastInventoryAtMs } = this.#counts(vault);
    return {
      arn: this.arn(vault),
      name: vault.name,
      createdAtMs: vault.createdAtMs,
      lastInventoryAtMs,
      archiveCount,
      sizeBytes: archiveBytes + archiveCount * limits.archiveOverheadBytes,
    };
  }

  /** Live, every change makes a new inventory at once; otherwise the numbers are those of the last daily one. */
  #counts(vault: Vault) {
    if (this.#given.inventory === 'live') {
      const { archiveCount, archiveBytes, writtenAtMs } = vault;
      return { archiveCount, archiveBytes, lastInventoryAtMs: writtenAtMs };
    }
    return {
      archiveCount: vault.inventoryArchiveCount,
      archiveBytes: vault.inventoryArchiveBytes,
      lastInventoryAtMs: vault.inventoryPublishedAtMs,
    };
  }
}
