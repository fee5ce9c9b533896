import type { ByteRange } from '../model/byte-range.ts';
import { type GlacierError, invalidParameter, notFound } from '../model/errors.ts';
import { type ListPosition, newArchiveId, newUploadId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { checkPartRange, type Upload } from '../model/uploads.ts';
import type { VaultName } from '../model/vaults.ts';
import { type ClaimedHashes, matchesClaim } from './archives.ts';
import type { Arrangement } from './arrangement.ts';
import type { Incoming } from './incoming.ts';
import { refTo } from './receive.ts';
import type { Vaults } from './vaults.ts';

/** Names an upload within a vault. */
export interface UploadName {
  vault: VaultName;
  id: string;
}

/** Multipart uploads: parts are blobs in any order, and completing one makes them an archive without touching a byte. */
export class Uploads {
  readonly #given: Arrangement;
  readonly #vaults: Vaults;
  readonly #incoming: Incoming;

  constructor(given: Arrangement, vaults: Vaults, incoming: Incoming) {
    this.#given = given;
    this.#vaults = vaults;
    this.#incoming = incoming;
  }

  /** Opens an upload and returns its id. */
  async initiate(upload: { vault: VaultName; description: string | null; partSizeBytes: number }): Promise<string> {
    const { key: vaultKey } = await this.#vaults.require(upload.vault);
    const createdAtMs = this.#given.clock.nowMs();
    const id = newUploadId(createdAtMs);
    const { description, partSizeBytes } = upload;
    const created = await this.#given.metadata.uploads.create({
      id,
      vaultKey,
      description,
      partSizeBytes,
      createdAtMs,
    });
    if (!created) throw this.#vaults.notFound(upload.vault);
    return id;
  }

  /** Stores a part, replacing one at the same place; returns its tree hash. */
  async putPart({
    name,
    range,
    claimed,
    body,
  }: {
    name: UploadName;
    range: ByteRange;
    claimed: ClaimedHashes;
    body: AsyncIterable<Buffer>;
  }): Promise<string> {
    const { metadata, clock } = this.#given;
    const vault = await this.#vaults.require(name.vault);
    const upload = await this.#findOpen(vault, name.id);
    checkPartRange(range, upload.partSizeBytes);
    const stored = await this.#incoming.store({
      body: this.#keptOpen(upload.key, body),
      check: matchesClaim(claimed),
      about: () => ({
        kind: 'part' as const,
        uploadId: upload.id,
        vault: { ...name.vault, createdAtMs: vault.createdAtMs },
        description: upload.description,
        partSizeBytes: upload.partSizeBytes,
        startByte: range.startByte,
        createdAtMs: clock.nowMs(),
      }),
      record: (received) => {
        const part = refTo(received, range.startByte);
        return metadata.uploads.putPart({ uploadKey: upload.key, part, nowMs: clock.nowMs() });
      },
    });
    if (stored === undefined) throw uploadNotFound(name.id);
    return stored.treeHash;
  }

  /** Makes an archive of the parts. Repeating it gives the same archive; a refusal leaves the upload open. */
  async complete({ name, sizeBytes, treeHash }: { name: UploadName; sizeBytes: number; treeHash: string }) {
    const upload = await this.#require(name);
    const completed = await this.#given.metadata.uploads.complete({
      uploadKey: upload.key,
      archiveId: newArchiveId(),
      nowMs: this.#given.retention.stampMs(),
      sizeBytes,
      treeHash: treeHash.toLowerCase(),
    });
    if (completed.outcome === 'gone') throw uploadNotFound(name.id);
    if (completed.outcome === 'refused') {
      // The error names what was sent, letter by letter.
      throw invalidParameter(completed.fault ?? `Invalid x-amz-sha256-tree-hash: ${treeHash}`);
    }
    return { archiveId: completed.archiveId, treeHash: completed.treeHash };
  }

  /** Gives an upload up. Repeating it succeeds; a completed upload cannot be aborted. */
  async abort(name: UploadName): Promise<void> {
    const upload = await this.#require(name);
    const nowMs = this.#given.clock.nowMs();
    const outcome = await this.#given.metadata.uploads.abort({ uploadKey: upload.key, nowMs });
    if (outcome === 'gone') throw uploadNotFound(name.id);
  }

  /** A page of the vault's open uploads, oldest first. */
  async list({ vault, after, limit }: { vault: VaultName; after: ListPosition | null; limit: number }) {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const uploads = await this.#given.metadata.uploads.list({ vaultKey, after, limit: limit + 1 });
    return { uploads: uploads.slice(0, limit), more: uploads.length > limit };
  }

  /** A page of an open upload's parts by their place, after the part that starts at `afterByte`. */
  async listParts({ name, afterByte, limit }: { name: UploadName; afterByte: number; limit: number }) {
    const upload = await this.#findOpen(await this.#vaults.require(name.vault), name.id);
    const parts = await this.#given.metadata.uploads.listParts({ uploadKey: upload.key, afterByte, limit: limit + 1 });
    return { upload, parts: parts.slice(0, limit), more: parts.length > limit };
  }

  /**
   * The body of a part, whose bytes are signs of life for as long as they come. They are noted in steps of half of
   * `uploadTouchMs`: what is noted may be one step old when it is found, and another before the next look, so it is
   * never older than `uploadTouchMs`.
   */
  async *#keptOpen(uploadKey: number, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    const { metadata, clock } = this.#given;
    const stepMs = limits.uploadTouchMs / 2;
    let lookAtMs = Number.NEGATIVE_INFINITY;
    for await (const chunk of body) {
      const nowMs = clock.nowMs();
      if (nowMs >= lookAtMs) {
        lookAtMs = nowMs + stepMs;
        await metadata.uploads.touch({ uploadKey, nowMs, beforeMs: nowMs - stepMs + 1 });
      }
      yield chunk;
    }
  }

  async #require({ vault, id }: UploadName): Promise<Upload> {
    const { key: vaultKey } = await this.#vaults.require(vault);
    const upload = await this.#given.metadata.uploads.find({ vaultKey, id });
    if (upload === undefined) throw uploadNotFound(id);
    return upload;
  }

  async #findOpen({ key: vaultKey }: { key: number }, id: string): Promise<Upload> {
    const upload = await this.#given.metadata.uploads.find({ vaultKey, id });
    if (upload?.state !== 'open') throw uploadNotFound(id);
    return upload;
  }
}

const uploadNotFound = (id: string): GlacierError => notFound(`The upload ID was not found: ${id}`);
