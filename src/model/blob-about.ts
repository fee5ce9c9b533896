import type { VaultIdentity } from './lock-records.ts';

/**
 * What a blob says of itself, beside its bytes: enough to make the rows again that refer to it when the metadata is lost.
 * Sizes and hashes are the store's to add. Instants are those of the rows.
 */
export type BlobAbout = ArchiveAbout | PartAbout | AssemblyAbout | OutputAbout;

/** The whole of an archive. */
export interface ArchiveAbout {
  kind: 'archive';
  archiveId: string;
  vault: VaultIdentity;
  description: string | null;
  createdAtMs: number;
}

/** A part of a multipart upload. Which archive it belongs to says the assembly that names it. */
export interface PartAbout {
  kind: 'part';
  uploadId: string;
  vault: VaultIdentity;
  description: string | null;
  partSizeBytes: number;
  startByte: number;
  createdAtMs: number;
}

/** That parts became an archive; the blob's bytes are the list of them. */
export interface AssemblyAbout {
  kind: 'assembly';
  archiveId: string;
  vault: VaultIdentity;
  description: string | null;
  createdAtMs: number;
  sizeBytes: number;
  treeHash: string;
}

/** What a job has made, which can be made again. */
export interface OutputAbout {
  kind: 'output';
  createdAtMs: number;
}
