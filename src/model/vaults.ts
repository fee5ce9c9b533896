import { limits } from './limits.ts';

/** A vault as the rules see it. Sizes are bytes; the overhead Amazon adds per archive is not in `archiveBytes`. */
export interface Vault {
  key: number;
  accountId: string;
  name: string;
  createdAtMs: number;
  /** The last upload into or deletion from the vault, or null when nothing was ever written. */
  writtenAtMs: number | null;
  archiveCount: number;
  archiveBytes: number;
  /** The daily inventory: its date, the snapshot it shows, when it was published, and its totals. Null before the first. */
  inventoryAtMs: number | null;
  inventorySnapshot: Snapshot | null;
  inventoryPublishedAtMs: number | null;
  inventoryArchiveCount: number;
  inventoryArchiveBytes: number;
}

/** What was in a vault at some time, whatever has happened to it since: the archives up to a key that were not deleted by then. */
export interface Snapshot {
  lastKey: number;
  /** By the dates of deletions, which may be ahead of the clock. */
  atMs: number;
}

/** What names a vault: the owner's account and the name. */
export interface VaultName {
  accountId: string;
  name: string;
}

const VAULT_NAME = new RegExp(`^[A-Za-z0-9_.-]{1,${limits.vaultNameLengthMax}}$`);

/** The names of the developer guide ("Creating a vault"); `.` and `..` are refused, since they mean something in paths. */
export function isVaultName(name: string): boolean {
  return VAULT_NAME.test(name) && name !== '.' && name !== '..';
}

/** With daily inventories a vault counts as empty when its last inventory is, and nothing was written since. */
export function isEmpty(vault: Vault, inventory: 'live' | 'daily'): boolean {
  if (inventory === 'live' || vault.writtenAtMs === null) return vault.archiveCount === 0;
  const snapshotAtMs = vault.inventorySnapshot?.atMs ?? Number.NEGATIVE_INFINITY;
  return vault.inventoryArchiveCount === 0 && vault.writtenAtMs <= snapshotAtMs;
}

/** `arn:aws:glacier:<region>:<account>:vaults/<name>` */
export function vaultArn({ region, accountId, name }: VaultName & { region: string }): string {
  return `arn:aws:glacier:${region}:${accountId}:vaults/${name}`;
}
