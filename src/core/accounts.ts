import { newAccountId } from '../model/access-keys.ts';
import { AdminError } from '../model/errors.ts';
import { type Account, isAccountId } from '../model/identities.ts';
import { limits } from '../model/limits.ts';
import type { Arrangement } from './arrangement.ts';
import { mintAndKeep, type ShownKey } from './key-minting.ts';
import type { KeyRing } from './key-ring.ts';

const CONTROL = /\p{Cc}/u;

/** The accounts of this server, for its operators. Every method throws AdminError for what cannot be done. */
export class Accounts {
  readonly #given: Arrangement;
  readonly #keyRing: KeyRing;

  constructor(given: Arrangement, keyRing: KeyRing) {
    this.#given = given;
    this.#keyRing = keyRing;
  }

  /** Makes an account, with a number drawn at random unless one is given, and a root key, which is shown only now. */
  async create({ accountId = newAccountId(), name }: { accountId?: string; name?: string } = {}): Promise<{
    account: Account;
    key: ShownKey;
  }> {
    checkAccountId(accountId);
    if (name !== undefined && (name === '' || name.length > limits.accountNameLengthMax || CONTROL.test(name))) {
      throw new AdminError(`the name of an account has 1 to ${limits.accountNameLengthMax} printable characters`);
    }
    const { metadata, clock } = this.#given;
    const account: Account = { accountId, name: name ?? null, createdAtMs: clock.nowMs(), disabledAtMs: null };
    const { outcome, key } = await mintAndKeep(this.#given, undefined, (rootKey) =>
      metadata.accounts.create({ account, rootKey }),
    );
    if (outcome === 'exists') throw new AdminError(`there is an account ${accountId} already`);
    if (outcome === 'former') throw former(accountId);
    return { account, key };
  }

  /** Every account, by number. */
  async list(): Promise<Account[]> {
    return this.#given.metadata.accounts.list();
  }

  /** From now on no key of the account signs. Its vaults stay, and others may use them as their policies say. */
  async disable({ accountId }: { accountId: string }): Promise<void> {
    await this.#setDisabled({ accountId, disabledAtMs: this.#given.clock.nowMs() });
  }

  async enable({ accountId }: { accountId: string }): Promise<void> {
    await this.#setDisabled({ accountId, disabledAtMs: null });
  }

  /** Deletes an account that has neither vaults nor users, and its keys with it. */
  async delete({ accountId }: { accountId: string }): Promise<void> {
    const { metadata, rootKey } = this.#given;
    if (accountId === rootKey.accountId) {
      throw new AdminError(`the account ${accountId} is the first one, which --account-id names; it cannot be deleted`);
    }
    const outcome = await metadata.accounts.delete(accountId);
    this.#keyRing.clear();
    if (outcome === 'unknown') throw noAccount(accountId);
    if (outcome !== 'deleted') throw new AdminError(`the account ${accountId} ${outcome}; delete these first`);
  }

  /**
   * At start: the first account, and accounts that only had vaults before there was a list of accounts, get into it.
   * Throws AdminError when the first account's number is one that a deleted account had.
   */
  async ensureFirst(): Promise<void> {
    const { metadata, clock, rootKey } = this.#given;
    const { accountId } = rootKey;
    const outcome = await metadata.accounts.ensure({ accountId, nowMs: clock.nowMs() });
    if (outcome === 'former') throw former(accountId);
  }

  async #setDisabled(change: Pick<Account, 'accountId' | 'disabledAtMs'>): Promise<void> {
    const found = await this.#given.metadata.accounts.setDisabled(change);
    this.#keyRing.clear();
    if (!found) throw noAccount(change.accountId);
  }
}

export const noAccount = (accountId: string): AdminError => new AdminError(`there is no account ${accountId}`);

/** Policies of other accounts' vaults may still grant something to the earlier account. */
const former = (accountId: string): AdminError =>
  new AdminError(`the account id ${accountId} was that of an account that was deleted, and is not used again`);

function checkAccountId(accountId: string): void {
  if (!isAccountId(accountId)) throw new AdminError(`an account id is 12 digits, not ${JSON.stringify(accountId)}`);
}
