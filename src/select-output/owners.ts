import { link, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno, syncDirectory } from '../files/durable.ts';
import { OutputRefusedError } from './select-output.ts';

/**
 * Whose a bucket is. The server may write everywhere in its folder; a caller may not: an account that names a bucket of
 * another one must not have the server write there in its place. A bucket belongs to the account that wrote to it first,
 * which a file of the bucket's name says, durable before the first object is.
 */
export class BucketOwners {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes a bucket that is nobody's. Throws OutputRefusedError when it is another account's. */
  async claim(bucketName: string, { accountId, write }: Claim): Promise<void> {
    if ((await this.find(bucketName)) === undefined) {
      await using unfinished = await write(`${JSON.stringify({ accountId })}\n`);
      try {
        // Unlike a rename, a link never takes the place of a record; the record is whole once it has its name.
        await link(unfinished.path, this.#pathOf(bucketName));
      } catch (error) {
        if (!isErrno(error, 'EEXIST')) throw error;
      }
    }
    // Also for a record that was there: the run that made it may have been killed before this.
    await syncDirectory(this.#directory);
    if ((await this.find(bucketName)) !== accountId) throw ofAnother(bucketName);
  }

  /** Whether the account may delete in the bucket; false when it is nobody's yet. Throws as `claim` does. */
  async owns(bucketName: string, accountId: string): Promise<boolean> {
    const owner = await this.find(bucketName);
    if (owner !== undefined && owner !== accountId) throw ofAnother(bucketName);
    return owner !== undefined;
  }

  /** The account's id. A record that cannot be understood is nobody's licence: it throws. */
  async find(bucketName: string): Promise<string | undefined> {
    try {
      const record: unknown = JSON.parse(await readFile(this.#pathOf(bucketName), 'utf8'));
      if (isRecord(record)) return record.accountId;
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined;
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw new Error(`the record of whom the bucket ${bucketName} belongs to cannot be understood`);
  }

  #pathOf(bucketName: string): string {
    return join(this.#directory, bucketName);
  }
}

export interface Claim {
  accountId: string;
  /** Makes a durable file that nobody looks for; disposing it removes that name. */
  write: (text: string) => Promise<AsyncDisposable & { path: string }>;
}

const isRecord = (value: unknown): value is { accountId: string } =>
  typeof value === 'object' && value !== null && 'accountId' in value && typeof value.accountId === 'string';

const ofAnother = (bucketName: string): OutputRefusedError =>
  new OutputRefusedError('AccessDenied', `Access Denied: the bucket ${bucketName} belongs to another account.`);
