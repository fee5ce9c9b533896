/** An archive: immutable bytes, kept as an ordered list of blobs. */
export interface Archive {
  key: number;
  id: string;
  vaultKey: number;
  description: string | null;
  sizeBytes: number;
  treeHash: string;
  createdAtMs: number;
  deletedAtMs: number | null;
}

/** One blob of an archive: where it starts in the archive, its size and the tree hash of its bytes. */
export interface BlobRef {
  blobId: string;
  startByte: number;
  sizeBytes: number;
  treeHash: string;
}
