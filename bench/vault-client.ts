import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, Connection, expectStatus, headerOf, type RepeatedBody } from './connection.ts';
import { type Outgoing, signedHead } from './signer.ts';

const VAULT_PATH = '/-/vaults/bench';
const POLL_MS = 20;
const POLLS_MAX = 500;

export type HashedBody = RepeatedBody & { linearHash: string; treeHash: string };

/** A client of one vault; each call has a connection of its own. Every answer but the expected one is an error. */
export class VaultClient {
  readonly #url: string;

  constructor({ url }: { url: string }) {
    this.#url = url;
  }

  async createVault(): Promise<void> {
    await this.#call(201, { method: 'PUT', target: VAULT_PATH });
  }

  /** Uploads a body as one archive; returns its id. */
  async upload({ linearHash, treeHash, ...body }: HashedBody): Promise<string> {
    const headers = { 'content-length': String(body.sizeBytes), 'x-amz-sha256-tree-hash': treeHash };
    const request = { method: 'POST', target: `${VAULT_PATH}/archives`, headers, payloadHash: linearHash };
    const { head } = await this.#call(201, request, { body });
    return headerOf(head, 'x-amz-archive-id') ?? '';
  }

  /** Starts retrieving an archive and waits until the job has ended; returns its id. */
  async retrieve(archiveId: string): Promise<string> {
    const piece = Buffer.from(JSON.stringify({ Type: 'archive-retrieval', ArchiveId: archiveId }));
    const headers = { 'content-length': String(piece.length) };
    const payloadHash = createHash('sha256').update(piece).digest('hex');
    const request = { method: 'POST', target: `${VAULT_PATH}/jobs`, headers, payloadHash };
    const { head } = await this.#call(202, request, { body: { piece, sizeBytes: piece.length } });
    const jobId = headerOf(head, 'x-amz-job-id') ?? '';
    for (let poll = 0; poll < POLLS_MAX; poll += 1) {
      const { text } = await this.#call(200, { method: 'GET', target: `${VAULT_PATH}/jobs/${jobId}` });
      if ((JSON.parse(text) as { StatusCode: string }).StatusCode === 'Succeeded') return jobId;
      await wait(POLL_MS);
    }
    throw new Error('the job did not end');
  }

  /** Downloads a job's output and drops it; returns how many bytes came. */
  async download(jobId: string): Promise<number> {
    const request = { method: 'GET', target: `${VAULT_PATH}/jobs/${jobId}/output` };
    return (await this.#call(200, request, { keepText: false })).bodyBytes;
  }

  /** A page of jobs as text; `query` begins with `?` or is empty. */
  async listJobs(query: string): Promise<string> {
    return (await this.#call(200, { method: 'GET', target: listJobsTarget(query) })).text;
  }

  async #call(
    status: number,
    request: Omit<Outgoing, 'url'>,
    options: { body?: RepeatedBody; keepText?: boolean } = {},
  ): Promise<Answer> {
    using connection = await Connection.open(this.#url);
    const head = signedHead({ ...request, url: this.#url });
    return expectStatus(status, await connection.send(head, { keepText: true, ...options }));
  }
}

export const listJobsTarget = (query: string): string => `${VAULT_PATH}/jobs${query}`;

/** The name of the vault that the client works in. */
export const vaultName = 'bench';
