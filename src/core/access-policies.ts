import { notFound } from '../model/errors.ts';
import type { VaultName } from '../model/vaults.ts';
import { compilePolicy } from '../policy/compile.ts';
import type { Arrangement } from './arrangement.ts';
import { unknownUser, usersAmong } from './policy-users.ts';
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
    if (outcome !== 'set') throw unknownUser('access', outcome.unknown);
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
