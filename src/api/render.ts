import type { VaultDescription } from '../core/vaults.ts';
import { formatInstant } from '../model/instants.ts';
import type { Upload } from '../model/uploads.ts';
import type { VaultLock } from '../model/vault-locks.ts';

/**
 * Domain objects as the wire has them: members in alphabetical order, and null (never left out) where they do not apply,
 * because old clients index them unconditionally.
 */
const instantOrNull = (atMs: number | null): string | null => (atMs === null ? null : formatInstant(atMs));

export function renderVault(vault: VaultDescription) {
  return {
    CreationDate: formatInstant(vault.createdAtMs),
    LastInventoryDate: instantOrNull(vault.lastInventoryAtMs),
    NumberOfArchives: vault.archiveCount,
    SizeInBytes: vault.sizeBytes,
    VaultARN: vault.arn,
    VaultName: vault.name,
  };
}

export function renderUpload(upload: Upload, vaultArn: string) {
  return {
    ArchiveDescription: upload.description,
    CreationDate: formatInstant(upload.createdAtMs),
    MultipartUploadId: upload.id,
    PartSizeInBytes: upload.partSizeBytes,
    VaultARN: vaultArn,
  };
}

export function renderLock(lock: VaultLock) {
  return {
    CreationDate: formatInstant(lock.createdAtMs),
    ExpirationDate: instantOrNull(lock.expiresAtMs),
    Policy: lock.document,
    State: lock.state,
  };
}
