/**
 * Every error a client can be told of, in one table. The codes, statuses and types are those of the Glacier API reference
 * ("Error responses"); `edge` marks errors that the real service raises in front of the application, which it writes with
 * the message first (`{"message","code","type"}`), while the application writes the code first.
 */
export const ERRORS = {
  AccessDeniedException: { status: 403, type: 'Client', edge: true },
  BadRequest: { status: 400, type: 'Client', edge: true },
  ExpiredTokenException: { status: 403, type: 'Client', edge: true },
  InsufficientCapacityException: { status: 503, type: 'Server', edge: false },
  InvalidParameterValueException: { status: 400, type: 'Client', edge: false },
  InvalidSignatureException: { status: 403, type: 'Client', edge: true },
  LimitExceededException: { status: 400, type: 'Client', edge: false },
  MissingAuthenticationTokenException: { status: 400, type: 'Client', edge: true },
  MissingParameterValueException: { status: 400, type: 'Client', edge: false },
  PolicyEnforcedException: { status: 400, type: 'Client', edge: false },
  RequestTimeoutException: { status: 408, type: 'Client', edge: false },
  ResourceNotFoundException: { status: 404, type: 'Client', edge: false },
  SerializationException: { status: 400, type: 'Client', edge: false },
  ServiceUnavailableException: { status: 500, type: 'Server', edge: false },
  ThrottlingException: { status: 400, type: 'Client', edge: true },
  UnknownOperationException: { status: 404, type: 'Client', edge: true },
  UnrecognizedClientException: { status: 400, type: 'Client', edge: true },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error whose code and message are meant for the client, word for word. Anything else that is thrown is a defect. */
export class GlacierError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GlacierError';
    this.code = code;
  }
}

/** The request holds a value that is malformed or out of range. */
export const invalidParameter = (message: string): GlacierError =>
  new GlacierError('InvalidParameterValueException', message);

/** The request lacks a header or a member it must have; `name` is spelt as the client should send it. */
export const missingParameter = (name: string): GlacierError =>
  new GlacierError('MissingParameterValueException', `Required parameter missing: ${name}`);

/** The vault, archive, upload or job that the request names does not exist. */
export const notFound = (message: string): GlacierError => new GlacierError('ResourceNotFoundException', message);

/** It is not the client's fault, and it is told nothing about the inside. */
export const serviceUnavailable = (options?: ErrorOptions): GlacierError =>
  new GlacierError(
    'ServiceUnavailableException',
    'The server cannot complete the request now. Please try again.',
    options,
  );

/** An operator asked for what cannot be done. The message is one line that says why and, where it helps, what to do. */
export class AdminError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AdminError';
  }
}
