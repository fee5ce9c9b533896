import type { S3 } from '@aws-sdk/client-s3';
import { BOUNDED_REPLIES, boundedReplies } from '../model/bounded-replies.ts';
import { limits } from '../model/limits.ts';
import { orEndOf } from '../model/until.ts';
import { refusalOf } from './s3-errors.ts';

export interface S3Place {
  /** Undefined: Amazon's own. */
  endpoint: string | undefined;
  region: string;
  pathStyle: boolean;
}

/** How long things may take, in milliseconds. */
export interface S3Times {
  connectMs: number;
  /** One attempt. */
  attemptMs: number;
  /** All attempts at one call, the pauses between them and the search for credentials. */
  callMs: number;
  /** As `callMs`, for a small object: somebody may be waiting for the answer to a request. */
  putMs: number;
}

export const S3_TIMES: S3Times = {
  connectMs: limits.outputConnectMs,
  attemptMs: limits.outputAttemptMs,
  callMs: limits.outputCallMs,
  putMs: limits.outputPutMs,
};

export type Ask<T> = (s3: S3, options: { abortSignal: AbortSignal }) => Promise<T>;

/**
 * A connection to buckets, with credentials from where AWS programs look for them. The SDK is loaded when something is
 * first asked, so that the start of the server does not wait for it.
 */
export class S3Client implements AsyncDisposable {
  readonly #place: S3Place;
  readonly #times: S3Times;
  #loading: Promise<S3> | undefined;

  constructor(place: S3Place, times: S3Times = S3_TIMES) {
    this.#place = place;
    this.#times = times;
  }

  /** What S3 answers. Throws OutputRefusedError, and other errors for what may pass. */
  async ask<T>(ask: Ask<T>, signal?: AbortSignal): Promise<T> {
    const end = AbortSignal.timeout(this.#times.callMs);
    const abortSignal = signal === undefined ? end : AbortSignal.any([end, signal]);
    this.#loading ??= this.#load();
    try {
      // The SDK does not end a search for credentials that hangs.
      return await orEndOf(
        abortSignal,
        this.#loading.then((s3) => ask(s3, { abortSignal })),
      );
    } catch (error) {
      throw refusalOf(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    (await this.#loading)?.destroy();
  }

  async #load(): Promise<S3> {
    const { S3 } = await import('@aws-sdk/client-s3');
    const { endpoint, region, pathStyle } = this.#place;
    const s3 = new S3({
      region,
      ...(endpoint !== undefined && { endpoint }),
      forcePathStyle: pathStyle,
      // Not everything that speaks S3 knows the checksums that the SDK has added of late, or bodies with trailers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: limits.outputAttemptsMax,
      requestHandler: {
        connectionTimeout: this.#times.connectMs,
        requestTimeout: this.#times.attemptMs,
        throwOnRequestTimeout: true,
      },
    });
    s3.middlewareStack.add(boundedReplies({ bytesMax: limits.outputReplyBytesMax, sender: 'S3' }), BOUNDED_REPLIES);
    return s3;
  }
}
