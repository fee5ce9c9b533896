import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { MINUTE_MS } from '../src/model/limits.ts';
import { type Answer, Connection, expectStatus, headerOf, type RepeatedBody, type SendOptions } from './connection.ts';
import { type Outgoing, signedHead } from './signer.ts';

/** The name of the vault that a benchmark works in unless it has several. */
export const VAULT_NAME = 'bench';
const POLL_MS = 20;
const POLL_TIMEOUT_MS = 20 * MINUTE_MS;

export type HashedBody = RepeatedBody & { linearHash: string; treeHash: string };

/** A client of one vault; each call has a connection of its own. Every answer but the expected one is an error. */
export class VaultClient {
  readonly #url: string;
  readonly #path: string;

  constructor({ url }: { url: string }, name = VAULT_NAME) {
    this.#url = url;
    this.#path = vaultPath(name);
  }

  async createVault(): Promise<void> {
    await this.#call(201, { method: 'PUT', target: this.#path });
  }

  /** Uploads a body as one archive; returns its id. */
  async upload({ linearHash, treeHash, ...body }: HashedBody): Promise<string> {
    const headers = { 'content-length': String(body.sizeBytes), 'x-amz-sha256-tree-hash': treeHash };
    const request = { method: 'POST', target: `${this.#path}/archives`, headers, payloadHash: linearHash };
    const { head } = await this.#call(201, request, { body });
    return headerOf(head, 'x-amz-archive-id') ?? '';
  }

  /** Uploads a body in parts of its piece, which is a power of two of MiB; `part` is the piece as a body. */
  async uploadInParts({ sizeBytes, treeHash }: HashedBody, part: HashedBody): Promise<string> {
    const partBytes = part.sizeBytes;
    const uploads = `${this.#path}/multipart-uploads`;
    const begin = { method: 'POST', target: uploads, headers: { 'x-amz-part-size': String(partBytes) } };
    const begun = await this.#call(201, begin);
    const target = `${uploads}/${headerOf(begun.head, 'x-amz-multipart-upload-id')}`;
    for (let at = 0; at < sizeBytes; at += partBytes) {
      const headers = {
        'content-length': String(partBytes),
        'content-range': `bytes ${at}-${at + partBytes - 1}/*`,
        'x-amz-sha256-tree-hash': part.treeHash,
      };
      const { piece } = part;
      const request = { method: 'PUT', target, headers, payloadHash: part.linearHash };
      await this.#call(204, request, { body: { piece, sizeBytes: partBytes } });
    }
    const headers = { 'x-amz-archive-size': String(sizeBytes), 'x-amz-sha256-tree-hash': treeHash };
    const { head } = await this.#call(201, { method: 'POST', target, headers });
    return headerOf(head, 'x-amz-archive-id') ?? '';
  }

  /** Starts retrieving an archive and waits until the job has ended; returns its id. */
  async retrieve(archiveId: string): Promise<string> {
    const jobId = await this.initiateJob({ Type: 'archive-retrieval', ArchiveId: archiveId });
    await this.waitForEnd(jobId);
    return jobId;
  }

  /** Starts a job; returns its id. */
  async initiateJob(parameters: object): Promise<string> {
    const { head } = await this.#call(202, initiateJobRequest(parameters, this.#path));
    return headerOf(head, 'x-amz-job-id') ?? '';
  }

  /** Waits until a job has succeeded; its end otherwise, or none, is an error. */
  async waitForEnd(jobId: string): Promise<void> {
    const deadline = performance.now() + POLL_TIMEOUT_MS;
    while (performance.now() < deadline) {
      const { text } = await this.#call(200, { method: 'GET', target: `${this.#path}/jobs/${jobId}` });
      const { StatusCode: status } = JSON.parse(text) as { StatusCode: string };
      if (status === 'Succeeded') return;
      if (status === 'Failed') throw new Error(`a job failed: ${text}`);
      await wait(POLL_MS);
    }
    throw new Error('the job did not end');
  }

  /** Downloads a job's output; returns how many bytes came, each of which `onBody` has seen. */
  async download(jobId: string, onBody?: (bytes: Buffer) => void): Promise<number> {
    const request = { method: 'GET', target: `${this.#path}/jobs/${jobId}/output` };
    return (await this.#call(200, request, { keepText: false, ...(onBody && { onBody }) })).bodyBytes;
  }

  async describe(): Promise<{ VaultARN: string }> {
    return JSON.parse((await this.#call(200, { method: 'GET', target: this.#path })).text) as { VaultARN: string };
  }

  /** A page of jobs as text; `query` begins with `?` or is empty. */
  async listJobs(query: string): Promise<string> {
    return (await this.#call(200, { method: 'GET', target: `${this.#path}/jobs${query}` })).text;
  }

  /** Signed when it is sent: a connection of its own, since another may have been closed meanwhile. */
  async #call(status: number, request: VaultRequest, options: SendOptions = {}): Promise<Answer> {
    using connection = await Connection.open(this.#url);
    const { body, ...outgoing } = request;
    const head = signedHead({ ...outgoing, url: this.#url });
    const withBody = body === undefined ? {} : { body: { piece: body, sizeBytes: body.length } };
    return expectStatus(status, await connection.send(head, { keepText: true, ...withBody, ...options }));
  }
}

type VaultRequest = Omit<Outgoing, 'url'> & { body?: Buffer };

export const vaultPath = (name: string): string => `/-/vaults/${name}`;

/** An InitiateJob that is still to be signed, with its body. */
export function initiateJobRequest(parameters: object, path: string) {
  const body = Buffer.from(JSON.stringify(parameters));
  const headers = { 'content-length': String(body.length) };
  const payloadHash = createHash('sha256').update(body).digest('hex');
  return { method: 'POST', target: `${path}/jobs`, headers, payloadHash, body };
}
