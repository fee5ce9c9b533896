import { invalidParameter, notFound } from '../model/errors.ts';
import type { UserName } from '../model/identities.ts';
import type { VaultName } from '../model/vaults.ts';
import { compilePolicy } from '../policy/compile.ts';
import type { Arrangement } from './arrangement.ts';
import type { Vaults } from './vaults.ts';

/**
 * The access policies of vaults. `Authorisation` reads them afresh with every request, so that one that was set or removed
 * counts from the next request on.
 */
export class AccessPolicies {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;

  constructor(given: Arrangement, vaults: Vaults) {
    this.#given = given;
    this.#vaults = vaults;
  }

  /** Sets a vault's policy, in place of the one there was, if it is one that can be enforced. */
  async set({ vault, document }: { vault: VaultName; document: string }): Promise<void> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const { principalArns } = compilePolicy(document, { kind: 'access', vaultArn: this.#vaults.arn(vault) });
    const users = usersAmong(principalArns, vault.accountId);
    const outcome = await this.#given.metadata.accessPolicies.set({ vaultKey, document, users });
    if (outcome === 'gone') throw this.#vaults.notFound(vault);
    if (outcome !== 'set') throw unknownUser(outcome.unknown);
  }

  /** The document, byte for byte as it was set. */
  async get(vault: VaultName): Promise<string> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const document = await this.#given.metadata.accessPolicies.find(vaultKey);
    if (document === undefined) throw notFound(`No access policy is set for the vault: ${this.#vaults.arn(vault)}`);
    return document;
  }

  /** Removes the policy; one that was never set counts as removed. */
  async delete(vault: VaultName): Promise<void> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    await this.#given.metadata.accessPolicies.delete(vaultKey);
  }
}

const USER_ARN = /^arn:aws:iam::(\d{12}):user\/(.+)$/;

/** Those of the vault's own account; which users another account has is not for this one to learn. */
function usersAmong(principalArns: Iterable<string>, ownerId: string): UserName[] {
  return Array.from(principalArns).flatMap((arn) => {
    const [, accountId, name] = USER_ARN.exec(arn) ?? [];
    return accountId !== ownerId || name === undefined ? [] : [{ accountId, name }];
  });
}

/** A misspelt name would otherwise grant nothing, or deny nobody, without a word. */
function unknownUser({ accountId, name }: UserName) {
  return invalidParameter(
    'The specified vault access policy is invalid. ' +
      `Principal: the account ${accountId} has no user ${name}, so arn:aws:iam::${accountId}:user/${name} names nobody.`,
  );
}
