import { limits } from '../model/limits.ts';
import { isBucketName } from '../model/output-names.ts';
import { OutputRefusedError } from './select-output.ts';

/** What S3 lets buckets and keys be called. Whatever a sink makes of a name, it makes of one that was checked here. */

/** Throws OutputRefusedError unless the bucket can be called that. */
export function checkBucketName(bucketName: string): void {
  if (isBucketName(bucketName)) return;
  throw new OutputRefusedError('InvalidBucketName', 'The specified bucket is not valid.');
}

/** Throws OutputRefusedError unless an object can be called that: a text that UTF-8 can write, of 1 to 1024 bytes in it. */
export function checkKey(key: string): void {
  if (key === '' || !key.isWellFormed()) {
    throw new OutputRefusedError('InvalidArgument', 'The key of an object must be text, and not empty.');
  }
  if (Buffer.byteLength(key) > limits.objectKeyBytesMax) {
    throw new OutputRefusedError('KeyTooLongError', 'Your key is too long.');
  }
}
