import { GlacierError } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { VaultName } from '../model/vaults.ts';
import type { Arrangement } from './arrangement.ts';
import type { Vaults } from './vaults.ts';

/** The tags of vaults. Policies that ask for them see a change with the next request. */
export class VaultTags {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;

  constructor(given: Arrangement, vaults: Vaults) {
    this.#given = given;
    this.#vaults = vaults;
  }

  /** Sets all of these tags, or none when the vault would have too many. */
  async add({ vault, tags }: { vault: VaultName; tags: ReadonlyMap<string, string> }): Promise<void> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const tagsMax = limits.tagsPerVaultMax;
    const outcome = await this.#given.metadata.vaultTags.add({ vaultKey, tags, tagsMax });
    if (outcome === 'gone') throw this.#vaults.notFound(vault);
    if (outcome === 'full') throw tooManyTags();
  }

  /** Removes tags by their keys; one that is not there counts as removed. */
  async remove({ vault, tagKeys }: { vault: VaultName; tagKeys: readonly string[] }): Promise<void> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const removed = await this.#given.metadata.vaultTags.remove({ vaultKey, names: tagKeys });
    if (!removed) throw this.#vaults.notFound(vault);
  }

  /** The tags of a vault, by the order of their keys. */
  async list(vault: VaultName): Promise<ReadonlyMap<string, string>> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    return this.#given.metadata.vaultPolicies.tags(vaultKey);
  }
}

export const tooManyTags = (): GlacierError =>
  new GlacierError('LimitExceededException', `A vault has at most ${limits.tagsPerVaultMax} tags.`);
