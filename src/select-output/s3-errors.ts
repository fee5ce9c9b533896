import { limits } from '../model/limits.ts';
import { OutputRefusedError } from './select-output.ts';

/** Too much at once, too slow, out of step: the same request may do another time. */
const MAY_PASS =
  /Throttl|SlowDown|TooManyRequests|LimitExceeded|RequestTimeout|TooSkewed|Expired|OperationAborted|Conflict|BadDigest|Checksum|XAmzContentSHA256Mismatch|IncompleteBody|NoSuchUpload|InvalidPart|EntityTooSmall|Internal/;
/** The server's own credentials, which whoever asked can do nothing about: the operator finds it in the log. */
const CREDENTIALS = /^(InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|InvalidClientTokenId|NotSignedUp)$/;
const STATUSES_THAT_MAY_PASS = [408, 429];
/** As S3 writes its codes; what answers otherwise is no S3, or stands before it. */
const CODE = /^[A-Z][A-Za-z0-9.]{2,80}$/;
/** Names that the SDK gives to answers without a code. */
const NO_CODES = ['UnknownError', 'Unknown', 'Error', 'NotFound', 'BadRequest', 'Forbidden'];

interface SdkError {
  name: string;
  message: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

/** S3's code, where S3 has answered. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && (error as unknown as SdkError).$metadata?.httpStatusCode !== undefined
    ? error.name
    : undefined;

/** The refusal that an error of the SDK is, or the error as it was when it is none. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, code, $metadata } = error as unknown as SdkError;
  if (code === 'ERR_INVALID_CHAR') {
    return new OutputRefusedError('InvalidArgument', 'A setting of the object cannot be sent in a header.', {
      cause: error,
    });
  }
  const status = $metadata?.httpStatusCode ?? 0;
  const isFinal = (status >= 400 && status < 500) || status === 301 || name === 'NotImplemented';
  if (!isFinal || MAY_PASS.test(name) || STATUSES_THAT_MAY_PASS.includes(status)) return error;
  if (!CODE.test(name) || NO_CODES.includes(name) || CREDENTIALS.test(name)) return error;
  // What S3 says of a denial names the server's own identity, which is nobody's business.
  const reason = name === 'AccessDenied' ? 'Access Denied' : message.slice(0, limits.outputReasonLengthMax);
  return new OutputRefusedError(name, reason, { cause: error });
}
