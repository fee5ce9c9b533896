/** "Bucket naming rules" of the S3 user guide, but for the names that S3 keeps to itself. */
const BUCKET_NAME = /^[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]$/;
const LOOKS_LIKE_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;

export const isBucketName = (text: string): boolean => BUCKET_NAME.test(text) && !LOOKS_LIKE_ADDRESS.test(text);
