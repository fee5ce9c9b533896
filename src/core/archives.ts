import type { BlobFacts } from '../blobs/blob-store.ts';
import { GlacierError, invalidParameter, notFound } from '../model/errors.ts';
import { newArchiveId } from '../model/ids.ts';
import type { VaultName } from '../model/vaults.ts';
import type { Arrangement } from './arrangement.ts';
import type { Incoming } from './incoming.ts';
import { refTo } from './receive.ts';
import type { Vaults } from './vaults.ts';

/** The hashes a client says its body has, hexadecimal. */
export interface ClaimedHashes {
  linearHash: string;
  treeHash: string;
}

export interface ArchiveUpload {
  vault: VaultName;
  description: string | null;
  claimed: ClaimedHashes;
  body: AsyncIterable<Buffer>;
}

export class Archives {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;
  readonly #incoming: Incoming;

  constructor(given: Arrangement, vaults: Vaults, incoming: Incoming) {
    this.#given = given;
    this.#vaults = vaults;
    this.#incoming = incoming;
  }

  /** Stores a body as a new archive. Durable on return: bytes first, then the row. */
  async upload({ vault, description, claimed, body }: ArchiveUpload): Promise<{ id: string; treeHash: string }> {
    const { metadata, retention } = this.#given;
    const { key: vaultKey, createdAtMs } = await this.#vaults.require(vault);
    const id = newArchiveId();
    const identity = { ...vault, createdAtMs };
    const stored = await this.#incoming.store({
      body,
      check: matchesClaim(claimed),
      about: () => ({
        kind: 'archive' as const,
        archiveId: id,
        vault: identity,
        description,
        createdAtMs: retention.stampMs(),
      }),
      record: (received) =>
        metadata.archives.add({
          id,
          vaultKey,
          description,
          sizeBytes: received.sizeBytes,
          treeHash: received.treeHash,
          blob: refTo(received, 0),
          nowMs: received.about.createdAtMs,
        }),
    });
    if (stored === undefined) throw this.#vaults.notFound(vault);
    return { id, treeHash: stored.treeHash };
  }

  /** Deletes an archive; repeating it succeeds. Jobs that refer to it keep its bytes until they expire. */
  async delete({ vault, id }: { vault: VaultName; id: string }): Promise<void> {
    const { metadata, retention } = this.#given;
    const { key: vaultKey } = await this.#vaults.require(vault);
    const archive = await metadata.archives.find({ accountId: vault.accountId, id });
    if (archive === undefined) throw archiveNotFound(id);
    // The real service blames the vault when the archive is in another one, and clients know that text.
    if (archive.vaultKey !== vaultKey) throw invalidParameter(`Invalid vault name: ${this.#vaults.arn(vault)}`);
    await metadata.archives.delete({ archiveKey: archive.key, nowMs: retention.stampMs() });
  }
}

export const archiveNotFound = (id: string): GlacierError => notFound(`The archive ID was not found: ${id}`);

/** Refuses a body that is not what its hashes say: the signed hash first, for it is part of the authentication. */
export function matchesClaim(claimed: ClaimedHashes): (facts: BlobFacts) => void {
  return ({ linearHash, treeHash }) => {
    if (linearHash !== claimed.linearHash) throw payloadMismatch({ computed: linearHash, claimed: claimed.linearHash });
    if (treeHash !== claimed.treeHash) {
      throw invalidParameter(`Checksum mismatch: expected ${claimed.treeHash}, computed ${treeHash}`);
    }
  };
}

/** The body is not the one that was signed. */
export function payloadMismatch({ computed, claimed }: { computed: string; claimed: string }): GlacierError {
  return new GlacierError(
    'InvalidSignatureException',
    'The value passed in as x-amz-content-sha256 does not match the computed payload hash. ' +
      `Computed digest: ${computed} expected hash: ${claimed}`,
  );
}
