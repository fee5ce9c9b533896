import { GlacierError, invalidParameter, notFound } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import { isVaultName, type Vault, type VaultName, vaultArn } from '../model/vaults.ts';
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
    await this.#refuseLost(vault);
    const outcome = await this.#given.metadata.vaults.create({
      ...vault,
      nowMs: this.#given.clock.nowMs(),
      vaultsMax: limits.vaultsPerAccountMax,
    });
    // It was disabled or deleted after it was decided that the caller may.
    if (outcome === 'no account') throw accountDenied(vault.accountId);
    if (outcome === 'full') {
      throw new GlacierError(
        'LimitExceededException',
        `The account has ${limits.vaultsPerAccountMax} vaults, which is the limit.`,
      );
    }
  }

  /** A new vault in the place of a locked one that is missing would be sealed from its first day. */
  async #refuseLost(vault: VaultName): Promise<void> {
    const { metadata, lockBook } = this.#given;
    // In this order: a vault that was just deleted has its deletion on record.
    if ((await metadata.vaults.find(vault)) !== undefined || !lockBook.isTaken(vault)) return;
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
    const outcome = await this.#given.lockBook.inAnyTurn(() => this.#delete(vault));
    if (outcome === 'refused') throw invalidParameter(`Vault not empty or recently written to: ${this.arn(vault)}`);
  }

  /** That a locked vault was deleted is on record before it is, or its record would mean a vault that was lost. */
  async #delete(vault: VaultName): Promise<'deleted' | 'refused'> {
    const { metadata, lockBook, clock } = this.#given;
    const mayDelete = (found: Vault) => this.#isEmpty(found);
    const found = await metadata.vaults.find(vault);
    const recorded = found && lockBook.recordOf(found);
    // A record that may or may not have been kept is of a vault with a lock, or with a record before it.
    if (found && (recorded || (await metadata.vaultLocks.find(found.key)))) await lockBook.beSure();
    if (found === undefined || !recorded?.lock) return metadata.vaults.delete({ ...vault, mayDelete });
    if (!mayDelete(found) || (await metadata.vaults.hasArchives(found.key))) return 'refused';
    const written = await lockBook.textOf(recorded);
    const record = { writtenAtMs: clock.nowMs(), vault: recorded.vault };
    await lockBook.add({ ...record, lock: null });
    const outcome = await metadata.vaults.delete({ ...vault, mayDelete });
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

  /** With daily inventories a vault counts as empty when its last inventory is, and nothing was written since. */
  #isEmpty(vault: Vault): boolean {
    if (this.#given.inventory === 'live' || vault.writtenAtMs === null) return vault.archiveCount === 0;
    const snapshotAtMs = vault.inventorySnapshotAtMs ?? Number.NEGATIVE_INFINITY;
    return vault.inventoryArchiveCount === 0 && vault.writtenAtMs <= snapshotAtMs;
  }
}
