import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { MINUTE_MS } from '../src/model/limits.ts';
import { type Answer, Connection, expectStatus, headerOf, type RepeatedBody, type SendOptions } from './connection.ts';
import { atOnce } from './rounds.ts';
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

  /** Uploads a body in equal parts of a power of two of MiB, each of which is `part`, on some connections at once. */
  async uploadInParts(body: HashedBody, part: HashedBody, { clients = 1 } = {}): Promise<string> {
    const upload = await this.beginUpload(part.sizeBytes);
    await atOnce({ clients, count: body.sizeBytes / part.sizeBytes }, (index) => this.uploadPart(upload, index, part));
    return await this.completeUpload(upload, body);
  }

  /** Begins an upload in parts of a size; returns its path. */
  async beginUpload(partBytes: number): Promise<string> {
    const uploads = `${this.#path}/multipart-uploads`;
    const request = { method: 'POST', target: uploads, headers: { 'x-amz-part-size': String(partBytes) } };
    const { head } = await this.#call(201, request);
    return `${uploads}/${headerOf(head, 'x-amz-multipart-upload-id')}`;
  }

  async uploadPart(upload: string, index: number, { linearHash, treeHash, ...body }: HashedBody): Promise<void> {
    const at = index * body.sizeBytes;
    const headers = {
      'content-length': String(body.sizeBytes),
      'content-range': `bytes ${at}-${at + body.sizeBytes - 1}/*`,
      'x-amz-sha256-tree-hash': treeHash,
    };
    await this.#call(204, { method: 'PUT', target: upload, headers, payloadHash: linearHash }, { body });
  }

  /** Returns the id of the archive that the parts have become. */
  async completeUpload(
    upload: string,
    { sizeBytes, treeHash }: Pick<HashedBody, 'sizeBytes' | 'treeHash'>,
  ): Promise<string> {
    const headers = { 'x-amz-archive-size': String(sizeBytes), 'x-amz-sha256-tree-hash': treeHash };
    const { head } = await this.#call(201, { method: 'POST', target: upload, headers });
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

  /** Downloads a piece of a job's output; returns how many bytes came. */
  async downloadRange(jobId: string, { at, sizeBytes }: { at: number; sizeBytes: number }): Promise<number> {
    const headers = { range: `bytes=${at}-${at + sizeBytes - 1}` };
    const request = { method: 'GET', target: `${this.#path}/jobs/${jobId}/output`, headers };
    return (await this.#call(206, request, { keepText: false })).bodyBytes;
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
