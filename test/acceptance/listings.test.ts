import {
  CreateVaultCommand,
  type GlacierClient,
  InitiateMultipartUploadCommand,
  paginateListJobs,
  paginateListMultipartUploads,
  paginateListParts,
  paginateListVaults,
} from '@aws-sdk/client-glacier';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { glacierClient, invalid, startJob } from '../support/clients.ts';
import { MIB } from '../support/hashes.ts';
import { type RawAnswer, send, sendUpload } from '../support/raw-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

/** What the four listings have in common: limits, markers, and paging without gap or duplicate. */
const vaultName = 'listed-00';
let server: TestServer;
let client: GlacierClient;
let uploadId = '';
const made = { vaults: 23, jobs: 104, uploads: 104, parts: 104 };

interface Listing {
  path: () => string;
  member: string;
  max: number;
  total: number;
  /** What tells one element from another. */
  idOf: (element: Record<string, string>) => string;
  /** What the Marker after a page should be, as far as it is not opaque. */
  markerOf: ((last: string) => string) | undefined;
  pages: (pageSize: number) => AsyncIterable<object>;
}

/** Made anew for each use, because the paginators write their marker into it. */
const input = () => ({ accountId: '-', vaultName });
const listings: Record<string, Listing> = {
  ListVaults: {
    path: () => '/-/vaults',
    member: 'VaultList',
    max: 10,
    total: made.vaults,
    idOf: (vault) => vault.VaultARN ?? '',
    markerOf: (arn) => arn,
    pages: (pageSize) => paginateListVaults({ client, pageSize }, { accountId: '-' }),
  },
  ListJobs: {
    path: () => `/-/vaults/${vaultName}/jobs`,
    member: 'JobList',
    max: 50,
    total: made.jobs,
    idOf: (job) => job.JobId ?? '',
    markerOf: (id) => id,
    pages: (pageSize) => paginateListJobs({ client, pageSize }, input()),
  },
  ListMultipartUploads: {
    path: () => `/-/vaults/${vaultName}/multipart-uploads`,
    member: 'UploadsList',
    max: 50,
    total: made.uploads,
    idOf: (upload) => upload.MultipartUploadId ?? '',
    markerOf: (id) => id,
    pages: (pageSize) => paginateListMultipartUploads({ client, pageSize }, input()),
  },
  ListParts: {
    path: () => `/-/vaults/${vaultName}/multipart-uploads/${uploadId}`,
    member: 'Parts',
    max: 50,
    total: made.parts,
    idOf: (part) => part.RangeInBytes ?? '',
    markerOf: undefined,
    pages: (pageSize) => paginateListParts({ client, pageSize }, { ...input(), uploadId }),
  },
};

beforeAll(async () => {
  server = await startServer();
  client = glacierClient(server);
  for (let index = 0; index < made.vaults; index += 1) {
    await client.send(
      new CreateVaultCommand({ accountId: '-', vaultName: `listed-${String(index).padStart(2, '0')}` }),
    );
  }
  for (let index = 0; index < made.jobs; index += 1) {
    await startJob(client, vaultName, { Type: 'inventory-retrieval' });
  }
  for (let index = 0; index < made.uploads; index += 1) {
    const upload = await client.send(new InitiateMultipartUploadCommand({ ...input(), partSize: String(MIB) }));
    uploadId = upload.uploadId ?? '';
  }
  for (let index = 0; index < made.parts; index += 1) await putPart(index);
});
afterAll(() => server[Symbol.asyncDispose]());

/** A part that is too short for its place, which only completing would refuse. */
const putPart = (index: number) =>
  sendUpload(server, {
    method: 'PUT',
    path: `/-/vaults/${vaultName}/multipart-uploads/${uploadId}`,
    headers: { 'content-range': `bytes ${index * MIB}-${index * MIB}/*` },
    body: Buffer.from('p'),
  });

const list = (path: string, query: Record<string, string> = {}): Promise<RawAnswer> =>
  send(server, { method: 'GET', path, query });

const refused = (answer: RawAnswer) => ({
  status: answer.status,
  code: answer.json.code,
  message: answer.json.message,
});

describe.each(Object.entries(listings))('%s', (_, { path, member, max, total, idOf, markerOf, pages }) => {
  const elements = (answer: RawAnswer): Record<string, string>[] => answer.json[member];
  const idsOf = (answer: RawAnswer): string[] => elements(answer).map(idOf);

  test(`shows ${max} without a limit and never more`, async () => {
    const [bare, atMost, more, most] = await Promise.all(
      [{}, { limit: String(max) }, { limit: '1000' }, { limit: '99999999999999999999' }].map((query) =>
        list(path(), query),
      ),
    );
    expect(bare && elements(bare)).toHaveLength(max);
    for (const other of [atMost, more, most]) expect(other?.text).toBe(bare?.text);
  });

  test.each(['', '0', '00', '-1', '+5', '1.5', '1e1', '0x10', ' 5', 'ten', '५'])(
    'refuses the limit "%s"',
    async (limit) => {
      expect(refused(await list(path(), { limit }))).toEqual(invalid(`The limit is not valid: ${limit}`));
    },
  );

  test.each(['x', 'null', '0', '../..', 'A'.repeat(92), 'A'.repeat(50), 'arn:aws:s3:::vaults', 'ü'])(
    'refuses the marker "%s"',
    async (marker) => {
      expect(refused(await list(path(), { marker }))).toEqual(invalid(`The marker is not valid: ${marker}`));
    },
  );

  test('takes an empty marker for the beginning', async () => {
    expect((await list(path(), { marker: '' })).text).toBe((await list(path())).text);
  });

  test.each([1, 7, max - 1, max])(
    'pages by %i without gap or duplicate, Marker null exactly at the end',
    async (limit) => {
      const seen: string[] = [];
      let query: Record<string, string> = { limit: String(limit) };
      for (;;) {
        const answer = await list(path(), query);
        const ids = idsOf(answer);
        seen.push(...ids);
        const { Marker: marker } = answer.json;
        if (marker === null) break;
        expect(ids).toHaveLength(limit);
        expect(seen.length).toBeLessThan(total);
        if (markerOf !== undefined) expect(marker).toBe(markerOf(ids.at(-1) ?? ''));
        query = { limit: String(limit), marker };
      }
      expect(new Set(seen).size).toBe(total);
      expect(seen).toHaveLength(total);
    },
  );

  test('is paged through by the SDK', async () => {
    const seen: string[] = [];
    for await (const page of pages(max)) {
      const found = (page as Record<string, unknown>)[member] as Record<string, string>[];
      seen.push(...found.map(idOf));
    }
    expect(new Set(seen).size).toBe(total);
    expect(seen).toHaveLength(total);
  });
});

describe('the order', () => {
  test('of vaults is that of their names in ASCII', async () => {
    const answer = await list('/-/vaults');
    const names = answer.json.VaultList.map((vault: { VaultName: string }) => vault.VaultName);
    expect(names).toEqual(Array.from({ length: 10 }, (_, index) => `listed-0${index}`));
  });

  test('of parts is that of their places', async () => {
    const answer = await list(`/-/vaults/${vaultName}/multipart-uploads/${uploadId}`);
    const ranges = answer.json.Parts.map((part: { RangeInBytes: string }) => part.RangeInBytes);
    expect(ranges).toEqual(Array.from({ length: 50 }, (_, index) => `${index * MIB}-${index * MIB}`));
    expect(answer.json.Marker).toMatch(/^[A-Za-z0-9_-]{50}$/);
  });

  test('the markers of parts, jobs and uploads do not stand in for each other', async () => {
    const parts = await list(`/-/vaults/${vaultName}/multipart-uploads/${uploadId}`);
    for (const path of ['/-/vaults', `/-/vaults/${vaultName}/jobs`, `/-/vaults/${vaultName}/multipart-uploads`]) {
      const answer = await list(path, { marker: parts.json.Marker });
      expect(refused(answer)).toEqual(invalid(`The marker is not valid: ${parts.json.Marker}`));
    }
  });
});
