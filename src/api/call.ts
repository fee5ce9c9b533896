import { hash } from 'node:crypto';
import { payloadMismatch } from '../core/archives.ts';
import type { Asker } from '../core/authorisation.ts';
import { GlacierError, invalidParameter, missingParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { VaultName } from '../model/vaults.ts';
import type { Authenticated } from './authenticate.ts';
import type { RequestBody } from './body.ts';
import { queryParameters, type RequestHead } from './framing.ts';
import { parseWithBigints } from './whole-numbers.ts';

/** An authenticated, routed request, as operations see it. */
export class Call {
  /** The account that the path means, which need not be the caller's. */
  readonly accountId: string;
  readonly body: RequestBody;
  readonly #head: RequestHead;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #query: URLSearchParams;
  readonly #payloadHash: string;
  #asker: Asker | undefined;
  #verified: Promise<Buffer> | undefined;
  #parsed: Promise<Record<string, unknown> | undefined> | undefined;

  constructor(call: {
    head: RequestHead;
    authenticated: Pick<Authenticated, 'payloadHash'>;
    accountId: string;
    parameters: Readonly<Record<string, string>>;
    body: RequestBody;
  }) {
    this.#head = call.head;
    this.accountId = call.accountId;
    this.#payloadHash = call.authenticated.payloadHash;
    this.#parameters = call.parameters;
    this.body = call.body;
    this.#query = queryParameters(call.head.target.query);
  }

  /** Notes who asks, as soon as it has been decided that they may. */
  letIn(asker: Asker): void {
    this.#asker = asker;
  }

  /** Who asks; for operations that do something else in their name. */
  get asker(): Asker {
    if (this.#asker === undefined) throw new Error('nobody has been let in');
    return this.#asker;
  }

  /** A part of the path, decoded. */
  parameter(name: string): string {
    const value = this.#parameters[name];
    if (value === undefined) throw new Error(`the path of this operation has no ${name}`);
    return value;
  }

  get vault(): VaultName {
    return { accountId: this.accountId, name: this.parameter('vaultName') };
  }

  header(name: string): string | undefined {
    return this.#head.header(name);
  }

  /** A header that must be there; its name is spelt as the error should have it. */
  requireHeader(name: string): string {
    const value = this.header(name.toLowerCase());
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  /** A query parameter; undefined when it was not sent. */
  query(name: string): string | undefined {
    return this.#query.get(name) ?? undefined;
  }

  /** The `limit` of a listing: a whole number from 1; larger ones than the operation's maximum count as the maximum. */
  limit(max: number): number {
    const text = this.query('limit');
    if (text === undefined) return max;
    if (!/^\d+$/.test(text) || Number(text) === 0) throw invalidParameter(`The limit is not valid: ${text}`);
    return Math.min(Number(text), max);
  }

  /** What `read` makes of the `marker`, or null without one; an unusable marker is refused. */
  marker<T>(read: (marker: string) => T | undefined): T | null {
    const text = this.query('marker');
    if (text === undefined || text === '') return null;
    const position = read(text);
    if (position === undefined) throw invalidParameter(`The marker is not valid: ${text}`);
    return position;
  }

  /** A body that the operation does not stream, held against the hash that was signed. */
  verifiedBody(): Promise<Buffer> {
    this.#verified ??= this.#verify();
    return this.#verified;
  }

  async #verify(): Promise<Buffer> {
    const body = await this.body.whole();
    const computed = hash('sha256', body, 'hex');
    if (computed !== this.#payloadHash) throw payloadMismatch({ computed, claimed: this.#payloadHash });
    return body;
  }

  /** The members of a body that was held against its hash, if it is a JSON object, and its length; for the audit log. */
  async verifiedMembers(): Promise<{ members?: Record<string, unknown> | undefined; bodyBytes?: number }> {
    const body = await this.#verified?.catch(() => undefined);
    if (body === undefined) return {};
    const bodyBytes = body.length;
    if (bodyBytes > limits.auditBodyLengthMax) return { bodyBytes };
    return { members: await this.jsonBody().catch(() => undefined), bodyBytes };
  }

  /** The JSON object in the body, or undefined when there is none; for what looks at a body before it is checked. */
  async lenientBody(): Promise<Record<string, unknown> | undefined> {
    return this.jsonBody().catch((error: unknown) => {
      if (error instanceof GlacierError && error.code === 'SerializationException') return undefined;
      throw error;
    });
  }

  /** The JSON object in the body, or undefined without one. SerializationException when it is something else. */
  jsonBody(): Promise<Record<string, unknown> | undefined> {
    this.#parsed ??= this.#parse();
    return this.#parsed;
  }

  async #parse(): Promise<Record<string, unknown> | undefined> {
    const body = await this.verifiedBody();
    return body.length === 0 ? undefined : parseObject(body);
  }

  /** The same with whole numbers as bigints, for members that count further than a JavaScript number. */
  async jsonBodyWithBigints(): Promise<Record<string, unknown> | undefined> {
    const body = await this.verifiedBody();
    if (body.length > limits.exactJsonBytesMax) throw invalidParameter(`Invalid Content-Length: ${body.length}`);
    // Reviving numbers descends as deep as the body goes, so that it is looked through first.
    if ((await this.jsonBody()) === undefined) return undefined;
    return parseWithBigints(body.toString('utf8')) as Record<string, unknown>;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parseObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(body));
  } catch (cause) {
    throw new GlacierError('SerializationException', 'The request body is not valid JSON.', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GlacierError('SerializationException', 'The request body is not a JSON object.');
  }
  if (isDeeperThan(value, limits.jsonDepthMax)) {
    throw new GlacierError(
      'SerializationException',
      `The request body is nested more than ${limits.jsonDepthMax} deep.`,
    );
  }
  return value as Record<string, unknown>;
}

/** Looks no deeper than it must, so that hostile nesting costs no stack. */
function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeperThan(member, depth - 1));
}
