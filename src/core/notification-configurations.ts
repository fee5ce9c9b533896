import { notFound } from '../model/errors.ts';
import type { NotificationConfiguration } from '../model/notifications.ts';
import type { VaultName } from '../model/vaults.ts';
import type { Arrangement } from './arrangement.ts';
import type { Vaults } from './vaults.ts';

/** Whom vaults tell of the ends of their jobs. Whether the topic exists is nobody's question here. */
export class NotificationConfigurations {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;

  constructor(given: Arrangement, vaults: Vaults) {
    this.#given = given;
    this.#vaults = vaults;
  }

  /** Sets a vault's configuration, in place of the one there was. */
  async set({ vault, configuration }: { vault: VaultName; configuration: NotificationConfiguration }): Promise<void> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const set = await this.#given.metadata.notificationConfigurations.set({ vaultKey, ...configuration });
    if (!set) throw this.#vaults.notFound(vault);
  }

  async get(vault: VaultName): Promise<NotificationConfiguration> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const found = await this.#given.metadata.notificationConfigurations.find(vaultKey);
    if (found === undefined) {
      throw notFound(`No notification configuration is set for the vault: ${this.#vaults.arn(vault)}`);
    }
    return found;
  }

  /** Removes the configuration; one that was never set counts as removed. */
  async delete(vault: VaultName): Promise<void> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    await this.#given.metadata.notificationConfigurations.delete(vaultKey);
  }
}
