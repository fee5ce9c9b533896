import type { CompletedPart } from '@aws-sdk/client-s3';
import { limits } from '../model/limits.ts';
import type { ObjectSettings } from '../model/select.ts';
import type { S3Client } from './s3-client.ts';
import type { StoredWith } from './s3-parameters.ts';
import type { ObjectWriter } from './select-output.ts';

export interface S3UploadOptions {
  client: S3Client;
  parameters: StoredWith;
  tags: ObjectSettings['tags'];
  partBytes: number;
}

/**
 * An object on its way to a bucket: in one request if it stays smaller than a part, else in parts, two of which may be
 * under way while a third fills. S3 shows nothing of it before the end.
 */
export class S3Upload implements ObjectWriter {
  readonly #client: S3Client;
  readonly #parameters: StoredWith;
  readonly #tags: ObjectSettings['tags'];
  readonly #partBytes: number;
  readonly #buffers: Buffer[] = [];
  readonly #parts: CompletedPart[] = [];
  readonly #underWay = new Set<Promise<void>>();
  readonly #givenUp = new AbortController();
  #buffer: Buffer | undefined;
  #filledBytes = 0;
  #partsBegun = 0;
  #uploadId: string | undefined;
  #failure: unknown;
  #isFinished = false;

  constructor({ client, parameters, tags, partBytes }: S3UploadOptions) {
    this.#client = client;
    this.#parameters = parameters;
    this.#tags = tags;
    this.#partBytes = partBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      this.#buffer ??= this.#buffers.pop() ?? Buffer.allocUnsafeSlow(this.#partBytes);
      const piece = bytes.subarray(done, done + this.#partBytes - this.#filledBytes);
      this.#buffer.set(piece, this.#filledBytes);
      this.#filledBytes += piece.length;
      done += piece.length;
      if (this.#filledBytes === this.#partBytes) await this.#sendPart();
    }
  }

  async finish(): Promise<void> {
    if (this.#uploadId === undefined) {
      await this.#sendWhole();
    } else {
      if (this.#filledBytes > 0) await this.#sendPart();
      await this.#complete(this.#uploadId);
      if (this.#tags.length > 0) await this.#tag();
    }
    this.#isFinished = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#givenUp.abort(new Error('the object was given up'));
    await Promise.all(this.#underWay);
    const UploadId = this.#uploadId;
    if (UploadId === undefined) return;
    const { Bucket, Key } = this.#parameters;
    // What cannot be aborted now is found when the output of the job is cleared.
    await this.#client
      .ask((s3, options) => s3.abortMultipartUpload({ Bucket, Key, UploadId }, options))
      .catch(() => undefined);
  }

  async #sendWhole(): Promise<void> {
    this.#throwFailure();
    const Body = (this.#buffer ?? Buffer.alloc(0)).subarray(0, this.#filledBytes);
    await this.#client.ask((s3, options) => s3.putObject({ ...this.#parameters, Body }, options), this.#givenUp.signal);
  }

  async #sendPart(): Promise<void> {
    this.#throwFailure();
    this.#uploadId ??= await this.#begin();
    while (this.#underWay.size >= limits.outputPartsUnderWayMax) await Promise.race(this.#underWay);
    this.#throwFailure();
    if (this.#partsBegun === limits.partsMax) throw new Error('an object in a bucket has no more than 10,000 parts');
    this.#partsBegun += 1;
    const sending = this.#send({ number: this.#partsBegun, uploadId: this.#uploadId, sizeBytes: this.#filledBytes });
    this.#underWay.add(sending);
    void sending.finally(() => this.#underWay.delete(sending));
    this.#filledBytes = 0;
  }

  async #begin(): Promise<string> {
    const { UploadId } = await this.#client.ask(
      (s3, options) => s3.createMultipartUpload(this.#parameters, options),
      this.#givenUp.signal,
    );
    if (UploadId === undefined) throw new Error('the S3 endpoint has begun an upload without an id');
    return UploadId;
  }

  /** Sends what the buffer holds, and never throws: whoever goes on writing is told. */
  async #send({ number, uploadId, sizeBytes }: { number: number; uploadId: string; sizeBytes: number }): Promise<void> {
    const { Bucket, Key } = this.#parameters;
    const buffer = this.#buffer ?? Buffer.alloc(0);
    this.#buffer = undefined;
    const Body = buffer.subarray(0, sizeBytes);
    try {
      const { ETag } = await this.#client.ask(
        (s3, options) => s3.uploadPart({ Bucket, Key, UploadId: uploadId, PartNumber: number, Body }, options),
        this.#givenUp.signal,
      );
      this.#parts.push({ PartNumber: number, ETag });
      this.#buffers.push(buffer);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #complete(UploadId: string): Promise<void> {
    await Promise.all(this.#underWay);
    this.#throwFailure();
    const { Bucket, Key } = this.#parameters;
    const Parts = this.#parts.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    await this.#client.ask(
      (s3, options) => s3.completeMultipartUpload({ Bucket, Key, UploadId, MultipartUpload: { Parts } }, options),
      this.#givenUp.signal,
    );
  }

  /** Ceph forgets the tags that an upload was begun with. Whoever may begin one with tags may do this too. */
  async #tag(): Promise<void> {
    const { Bucket, Key } = this.#parameters;
    const TagSet = this.#tags.map(([tagKey, Value]) => ({ Key: tagKey, Value }));
    await this.#client.ask(
      (s3, options) => s3.putObjectTagging({ Bucket, Key, Tagging: { TagSet } }, options),
      this.#givenUp.signal,
    );
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
