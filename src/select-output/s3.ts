import { limits } from '../model/limits.ts';
import { type BucketAccess, checkAccess } from './accounts.ts';
import { checkBucketName, checkKey } from './names.ts';
import { S3_TIMES, S3Client, type S3Place, type S3Times } from './s3-client.ts';
import { objectsBelow, uploadsBelow } from './s3-listing.ts';
import { parametersOf } from './s3-parameters.ts';
import { S3Upload } from './s3-upload.ts';
import {
  type ObjectWriter,
  type OutputFolder,
  type OutputObject,
  OutputRefusedError,
  type SelectOutput,
} from './select-output.ts';

export interface S3OutputOptions {
  place: S3Place;
  access: BucketAccess;
  times?: S3Times;
  /** How large the parts of a large object are; S3 itself takes none below 5 MiB. */
  partBytes?: number;
}

/** Answers to a listing that leave nothing to do: it is not allowed, not known, or there is nothing to list. */
const NOT_LISTED = ['AccessDenied', 'AllAccessDisabled', 'NotImplemented', 'MethodNotAllowed', 'NoSuchBucket'];

/** Objects in real buckets, written with the server's own credentials. */
export class S3Output implements SelectOutput {
  readonly #client: S3Client;
  readonly #access: BucketAccess;
  readonly #partBytes: number;
  readonly #putMs: number;

  constructor({ place, access, times = S3_TIMES, partBytes = limits.outputPartBytes }: S3OutputOptions) {
    this.#client = new S3Client(place, times);
    this.#access = access;
    this.#partBytes = partBytes;
    this.#putMs = times.putMs;
  }

  async put(object: OutputObject, bytes: Uint8Array): Promise<void> {
    this.#check(object, [object.key]);
    const end = AbortSignal.timeout(this.#putMs);
    await this.#client.ask((s3, options) => s3.putObject({ ...parametersOf(object), Body: bytes }, options), end);
  }

  async begin(object: OutputObject): Promise<ObjectWriter> {
    this.#check(object, [object.key]);
    const parameters = parametersOf(object);
    const { tags } = object.settings;
    return new S3Upload({ client: this.#client, parameters, tags, partBytes: this.#partBytes });
  }

  async delete(folder: Omit<OutputFolder, 'prefix'>, keys: readonly string[]): Promise<void> {
    this.#check(folder, keys);
    const { bucketName: Bucket } = folder;
    await this.#each(keys, (Key) => this.#client.ask((s3, options) => s3.deleteObject({ Bucket, Key }, options)));
  }

  async clear(folder: OutputFolder, keep: readonly string[]): Promise<void> {
    this.#check(folder, [folder.prefix, ...keep]);
    const { bucketName: Bucket } = folder;
    const kept = new Set(keep);
    await whereListed(async () => {
      for await (const keys of objectsBelow(this.#client, folder)) {
        const stray = keys.filter((key) => key.startsWith(folder.prefix) && !kept.has(key));
        await this.delete(folder, stray);
      }
    });
    await whereListed(async () => {
      for await (const uploads of uploadsBelow(this.#client, folder)) {
        const stray = uploads.filter(({ key }) => key.startsWith(folder.prefix));
        await this.#each(stray, ({ key: Key, uploadId: UploadId }) =>
          this.#client.ask((s3, options) => s3.abortMultipartUpload({ Bucket, Key, UploadId }, options)),
        );
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }

  #check(folder: { accountId: string; bucketName: string }, keys: readonly string[]): void {
    checkBucketName(folder.bucketName);
    for (const key of keys) checkKey(key);
    checkAccess(this.#access, folder);
  }

  /** One request for each, some side by side: not everything that speaks S3 takes many deletions in one. */
  async #each<T>(things: readonly T[], ask: (thing: T) => Promise<unknown>): Promise<void> {
    for (let start = 0; start < things.length; start += limits.outputDeletionsAtOnceMax) {
      await Promise.all(things.slice(start, start + limits.outputDeletionsAtOnceMax).map(ask));
    }
  }
}

async function whereListed(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OutputRefusedError && NOT_LISTED.includes(error.code))) throw error;
  }
}
