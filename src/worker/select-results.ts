import { ERROR_MANIFEST, JOB_OBJECT, numberedName, RESULT_MANIFEST } from '../core/select-objects.ts';
import type { SelectJob } from '../model/jobs.ts';
import { limits } from '../model/limits.ts';
import { type RecordPlace, SelectError } from '../select/select-error.ts';
import {
  type ObjectWriter,
  type OutputObject,
  OutputRefusedError,
  type SelectOutput,
} from '../select-output/select-output.ts';
import type { Piece } from './select-thread.ts';

/** Why a job failed, as its errors tell it. */
export interface SelectFailure {
  code: string;
  message: string;
  at?: RecordPlace | undefined;
}

export interface SelectResultsOptions {
  output: SelectOutput;
  /** Whose vault the job belongs to. */
  accountId: string;
  job: Pick<SelectJob, 'id' | 'output' | 'outputPath'>;
  /** What all parts may take. */
  bytesMax: number;
  partBytes?: number;
}

/**
 * The output of a select job, below `<prefix>/<job id>/`: parts of results below `results/` and then `result_manifest.txt`,
 * which names them; or an error below `errors/` and then `error_manifest.txt`. A client that sees the first manifest and not
 * the second can rely on the results. Names follow from the job, so that a run that is repeated writes the same ones.
 */
export class SelectResults implements AsyncDisposable {
  readonly #options: SelectResultsOptions;
  readonly #keys: string[] = [];
  #part: { writer: ObjectWriter; sizeBytes: number } | undefined;
  #bytes = 0;

  constructor(options: SelectResultsOptions) {
    this.#options = options;
  }

  /**
   * Removes what a run that came to no end has left, and before all else the manifests, by name: none stands without what it
   * names, and one of a run that failed does not stand beside results where the bucket's owner does not allow to list.
   */
  async clear(): Promise<void> {
    const { output, accountId, job } = this.#options;
    const folder = { accountId, bucketName: job.output.bucketName, prefix: job.outputPath };
    const manifests = [RESULT_MANIFEST, ERROR_MANIFEST].map((name) => this.#keyOf(name));
    await output.delete(folder, manifests).catch((error: unknown) => {
      // To delete need not be allowed either.
      if (!(error instanceof OutputRefusedError)) throw error;
    });
    await output.clear(folder, [this.#keyOf(JOB_OBJECT)]);
  }

  /** A part ends with a record, because clients may read the parts in any order. Throws SelectError for too much. */
  async write({ bytes, endedBytes }: Piece): Promise<void> {
    const { bytesMax, partBytes = limits.selectPartBytes } = this.#options;
    this.#bytes += bytes.length;
    if (this.#bytes > bytesMax) {
      throw new SelectError('OverMaxOutputSize', `The results take more than ${bytesMax} bytes, the limit here.`);
    }
    const isFilled = endedBytes > 0 && (this.#part?.sizeBytes ?? 0) + endedBytes >= partBytes;
    if (isFilled) {
      await this.#append(bytes.subarray(0, endedBytes));
      await this.#endPart();
    }
    const rest = isFilled ? bytes.subarray(endedBytes) : bytes;
    if (rest.length > 0) await this.#append(rest);
  }

  /** Writes the manifest, last of all, unless the signal is aborted. Where there are no results it names one part, which is empty. */
  async finish(signal: AbortSignal): Promise<void> {
    if (this.#keys.length === 0) this.#part = await this.#beginPart();
    await this.#endPart();
    signal.throwIfAborted();
    await this.#put(RESULT_MANIFEST, this.#manifest(this.#keys));
  }

  /** Writes why there are no results. */
  async tell({ code, message, at }: SelectFailure): Promise<void> {
    const name = numberedName(this.#options.job.id, 'errors', 0);
    const error = { code, message, recordNumber: at?.record ?? null, byteOffset: at?.byteOffset ?? null };
    await this.#put(name, `${JSON.stringify(error)}\n`, 'application/json');
    await this.#put(ERROR_MANIFEST, this.#manifest([this.#keyOf(name)]));
  }

  /** Removes the parts. */
  async discard(): Promise<void> {
    await this[Symbol.asyncDispose]();
    const { output, accountId, job } = this.#options;
    await output.delete({ accountId, bucketName: job.output.bucketName }, this.#keys);
  }

  /** Lets go of the part that is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    const part = this.#part;
    this.#part = undefined;
    await part?.writer[Symbol.asyncDispose]();
  }

  async #append(bytes: Buffer): Promise<void> {
    this.#part ??= await this.#beginPart();
    const part = this.#part;
    await part.writer.write(bytes);
    part.sizeBytes += bytes.length;
  }

  async #beginPart(): Promise<{ writer: ObjectWriter; sizeBytes: number }> {
    const name = numberedName(this.#options.job.id, 'results', this.#keys.length);
    const writer = await this.#options.output.begin(this.#objectOf(name, 'text/csv'));
    this.#keys.push(this.#keyOf(name));
    return { writer, sizeBytes: 0 };
  }

  async #endPart(): Promise<void> {
    await this.#part?.writer.finish();
    await this[Symbol.asyncDispose]();
  }

  #manifest(keys: readonly string[]): string {
    const { bucketName } = this.#options.job.output;
    return keys.map((key) => `s3://${bucketName}/${key}\n`).join('');
  }

  async #put(name: string, text: string, contentType = 'text/plain'): Promise<void> {
    await this.#options.output.put(this.#objectOf(name, contentType), Buffer.from(text));
  }

  #objectOf(name: string, contentType: string): OutputObject {
    const { accountId, job } = this.#options;
    const { bucketName, settings } = job.output;
    return { accountId, bucketName, key: this.#keyOf(name), contentType, settings };
  }

  #keyOf(name: string): string {
    return `${this.#options.job.outputPath}${name}`;
  }
}
