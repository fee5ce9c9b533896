import { hash } from 'node:crypto';
import { formatInstant, parseInstant } from '../model/instants.ts';
import type { VaultIdentity } from '../model/lock-records.ts';

/** The record of a vault is a text of two lines: one JSON object, then the SHA-256 of that line. */
const FORMAT = 1;

export function formatVaultRecord({ accountId, name, createdAtMs }: VaultIdentity): string {
  const line = JSON.stringify({ format: FORMAT, accountId, name, createdAt: formatInstant(createdAtMs) });
  return `${line}\nsha256 ${hash('sha256', line, 'hex')}\n`;
}

/** Reads a record; undefined when the text is not as it was written, or of a newer release. */
export function parseVaultRecord(text: string): VaultIdentity | undefined {
  const line = text.slice(0, Math.max(0, text.indexOf('\n')));
  try {
    const { format, accountId, name, createdAt } = JSON.parse(line) as Record<string, unknown>;
    if (format !== FORMAT || typeof accountId !== 'string' || typeof name !== 'string') return undefined;
    const createdAtMs = typeof createdAt === 'string' ? parseInstant(createdAt) : undefined;
    if (createdAtMs === undefined) return undefined;
    const vault = { accountId, name, createdAtMs };
    return formatVaultRecord(vault) === text ? vault : undefined;
  } catch {
    return undefined;
  }
}

/** What the file of a vault's record is called: vaults of one name, made at different times, have different ones. */
export const vaultRecordName = ({ accountId, name, createdAtMs }: VaultIdentity): string =>
  `${hash('sha256', `${accountId} ${name} ${createdAtMs}`, 'hex').slice(0, NAME_DIGITS)}.json`;

const NAME_DIGITS = 32;
