import { GlacierError } from '../model/errors.ts';
import { KIB } from '../model/limits.ts';

/**
 * The Authorization header of Signature Version 4:
 * `AWS4-HMAC-SHA256 Credential=<key id>/<date>/<region>/<service>/aws4_request, SignedHeaders=<a;b>, Signature=<hex>`.
 * What follows the algorithm is separated by commas, with blanks (the SDKs) or without (others), and each of the three
 * appears once. Everything that no signer writes is refused rather than guessed at.
 */
export const ALGORITHM = 'AWS4-HMAC-SHA256';
export const TERMINATOR = 'aws4_request';

/** Some ten times what the SDKs send; a bound on the work that an unauthenticated request can ask for. */
const AUTHORIZATION_LENGTH_MAX = 4 * KIB;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const ACCESS_KEY_ID = /^[^\s/=;]{1,128}$/;
const SCOPE_DATE = /^\d{8}$/;
const SCOPE_NAME = /^[a-z0-9-]{1,64}$/;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const SIGNATURE = /^[0-9a-f]{64}$/;
const PARAMETERS = ['Credential', 'SignedHeaders', 'Signature'] as const;

/** What a signing key is made for: a day (`YYYYMMDD`), a region and a service. */
export interface CredentialScope {
  date: string;
  region: string;
  service: string;
}

/** A well-formed Authorization header; nothing in it has been verified. */
export interface Authorization {
  accessKeyId: string;
  scope: CredentialScope;
  /** Lower case, strictly ascending. */
  signedHeaders: string[];
  /** 64 lower-case hexadecimal digits. */
  signature: string;
}

/** Reads the header's value. InvalidSignatureException, with the reason, for every value that is not well formed. */
export function parseAuthorization(value: string): Authorization {
  if (value.length > AUTHORIZATION_LENGTH_MAX) {
    throw malformed(`is longer than ${AUTHORIZATION_LENGTH_MAX} characters`);
  }
  if (!PRINTABLE_ASCII.test(value)) throw malformed('may hold printable ASCII characters only');
  if (!value.startsWith(`${ALGORITHM} `)) throw malformed(`must begin with ${ALGORITHM}`);
  const { Credential, SignedHeaders, Signature } = parametersOf(value.slice(ALGORITHM.length));
  if (!SIGNATURE.test(Signature)) throw malformed('needs a Signature of 64 lower-case hexadecimal digits');
  return { ...credentialOf(Credential), signedHeaders: signedHeadersOf(SignedHeaders), signature: Signature };
}

/** The scope as it stands in strings to sign and, after the access key id, in credentials. */
export function scopeText({ date, region, service }: CredentialScope): string {
  return `${date}/${region}/${service}/${TERMINATOR}`;
}

function parametersOf(text: string): Record<(typeof PARAMETERS)[number], string> {
  const found = new Map<string, string>();
  for (const part of text.split(',')) {
    const [name = '', value] = splitOnce(part.trim(), '=');
    if (value === undefined) throw malformed('must be a list of name=value separated by commas');
    if (found.has(name)) throw malformed('names a parameter twice');
    found.set(name, value);
  }
  const [Credential, SignedHeaders, Signature] = PARAMETERS.map((name) => found.get(name));
  if (Credential === undefined || SignedHeaders === undefined || Signature === undefined || found.size > 3) {
    throw malformed(`takes exactly ${PARAMETERS.join(', ')}`);
  }
  return { Credential, SignedHeaders, Signature };
}

function credentialOf(credential: string): { accessKeyId: string; scope: CredentialScope } {
  const [accessKeyId = '', date = '', region = '', service = '', terminator, ...more] = credential.split('/');
  if (terminator === undefined || more.length > 0) {
    throw malformed('needs a Credential of five parts: access key id, date, region, service, aws4_request');
  }
  if (terminator !== TERMINATOR) throw malformed(`needs a Credential that ends in ${TERMINATOR}`);
  if (!ACCESS_KEY_ID.test(accessKeyId)) throw malformed('needs a Credential that begins with an access key id');
  if (!SCOPE_DATE.test(date)) throw malformed('needs a Credential with a date of the form YYYYMMDD');
  if (!SCOPE_NAME.test(region) || !SCOPE_NAME.test(service)) {
    throw malformed('needs a Credential with a region and a service');
  }
  return { accessKeyId, scope: { date, region, service } };
}

function signedHeadersOf(list: string): string[] {
  const names = list.split(';');
  let previous = '';
  for (const name of names) {
    if (!HEADER_NAME.test(name)) throw malformed('needs SignedHeaders that are lower-case header names');
    if (name <= previous) throw malformed('needs SignedHeaders in ascending order, each once');
    previous = name;
  }
  return names;
}

function splitOnce(text: string, mark: string): [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + mark.length)];
}

const malformed = (what: string): GlacierError =>
  new GlacierError('InvalidSignatureException', `The Authorization header ${what}.`);
