import { expect, vi } from 'vitest';
import { treeHash } from '../support/hashes.ts';
import { send } from '../support/raw-client.ts';
import type { TestServer } from '../support/server.ts';
import { ended, incomingOf, inventory, retrieve, VAULT } from './archives.ts';
import { bytesOf, type Ledger, type OpenUpload, partsOf } from './ledger.ts';
import { completion, release, UPLOADS } from './traffic.ts';

/** What must be so after each start of a server that died: whatever it acknowledged is there, and nothing else. */
const QUIET_MS_MAX = 10_000;
const READERS = 4;

/**
 * Everything of the ledger, without the bytes of what was read in an earlier life. Requests without an answer may have been
 * carried out or not; what is found now must stay.
 */
export async function checkAcknowledged(server: TestServer, ledger: Ledger): Promise<void> {
  release(ledger);
  await send(server, { method: 'PUT', path: VAULT });
  // Jobs that were cut off go on at once, and write their outputs.
  await vi.waitFor(() => expect(incomingOf(server)).toEqual([]), { timeout: QUIET_MS_MAX });
  expect(ledger.settle(await inventory(server))).toEqual([]);
  await checkUploads(server, ledger);
  await checkVaults(server, ledger);
  await checkEnds(server, ledger);
  await checkBytes(server, ledger, [...ledger.unread]);
  ledger.unread.clear();
}

/** What takes longer: every acknowledged job ends well, and every archive is read once more. */
export async function checkToTheEnd(server: TestServer, ledger: Ledger): Promise<void> {
  for (const jobId of ledger.jobs) {
    const job = await ended(server, jobId);
    expect([jobId, job.StatusCode]).toEqual([jobId, 'Succeeded']);
  }
  await checkEnds(server, ledger);
  expect([...ledger.jobs].filter((jobId) => !ledger.ends.has(jobId))).toEqual([]);
  await checkBytes(server, ledger, [...ledger.archives.keys()]);
}

export function summaryOf({ count, archives, slowestStartMs }: Ledger): string {
  const counts = Object.entries({
    ...count,
    'there in the end': archives.size,
    'ms the slowest start': slowestStartMs,
  });
  return counts.map(([name, number]) => `${Math.round(number)} ${name}`).join(', ');
}

async function checkBytes(server: TestServer, ledger: Ledger, archiveIds: string[]): Promise<void> {
  const left = archiveIds.filter((id) => ledger.archives.has(id));
  const reader = async () => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const description = ledger.archives.get(id) ?? '';
      const read = await retrieve(server, id).then(
        (bytes) => (bytes.equals(bytesOf(description)) ? 'the same bytes' : 'other bytes'),
        (error: Error) => error.message,
      );
      expect([description, read]).toEqual([description, 'the same bytes']);
    }
  };
  await Promise.all(Array.from({ length: READERS }, reader));
}

/** Uploads are open with every part that was acknowledged; a completion without an answer is asked for again. */
async function checkUploads(server: TestServer, ledger: Ledger): Promise<void> {
  const listed = new Set<string>();
  for await (const upload of pages(server, UPLOADS, 'UploadsList')) listed.add(String(upload.MultipartUploadId));
  expect([...listed].filter((id) => ledger.ended.has(id))).toEqual([]);
  for (const [id, open] of ledger.uploads) {
    const { description, asked } = open;
    if (asked === 'nothing') expect({ description, isOpen: listed.has(id) }).toEqual({ description, isOpen: true });
    if (listed.has(id)) await checkParts(server, { id, open });
    if (asked === 'complete') await completeAgain(server, { ledger, id, description });
    if (asked !== 'abort') continue;
    const answer = await send(server, { method: 'DELETE', path: `${UPLOADS}/${id}` });
    expect([description, answer.status, answer.text]).toEqual([description, 204, '']);
    ledger.end(id);
  }
}

/** A completion that was carried out gives the same archive again, another one gives it now. */
async function completeAgain(
  server: TestServer,
  { ledger, id, description }: { ledger: Ledger; id: string; description: string },
): Promise<void> {
  const answer = await send(server, completion(id, description));
  expect([description, answer.status]).toEqual([description, 201]);
  const [archiveId] = [...ledger.archives].find(([, other]) => other === description) ?? [];
  const given = answer.header('x-amz-archive-id') ?? '';
  expect([description, given]).toEqual([description, archiveId ?? given]);
  ledger.store(given, description);
  ledger.end(id);
}

async function checkParts(server: TestServer, { id, open }: { id: string; open: OpenUpload }): Promise<void> {
  const found = new Map<number, string>();
  for await (const part of pages(server, `${UPLOADS}/${id}`, 'Parts')) {
    found.set(Number(String(part.RangeInBytes).split('-')[0]), String(part.SHA256TreeHash));
  }
  for (const [start, hash] of open.parts) expect([start, found.get(start)]).toEqual([start, hash]);
  for (const [start, hash] of found) {
    if (open.parts.has(start)) continue;
    expect([open.description, start, open.sent.has(start)]).toEqual([open.description, start, true]);
    expect([start, hash]).toEqual([start, treeHash(partsOf(open.description).get(start) ?? Buffer.alloc(0))]);
    open.parts.set(start, hash);
  }
  open.sent.clear();
}

async function checkVaults(server: TestServer, { vaults }: Ledger): Promise<void> {
  for (const name of vaults.touched) {
    const { status } = await send(server, { method: 'GET', path: `/-/vaults/${name}` });
    expect([200, 404]).toContain(status);
    expect(vaults.complaint(name, status === 200 ? true : undefined)).toBeUndefined();
  }
}

/** A job that was seen to end stays as it was. */
async function checkEnds(server: TestServer, ledger: Ledger): Promise<void> {
  for await (const job of pages(server, `${VAULT}/jobs`, 'JobList', { completed: 'true' })) {
    const id = String(job.JobId);
    const end = JSON.stringify([job.StatusCode, job.CompletionDate, job.InventorySizeInBytes]);
    expect([id, ledger.ends.get(id) ?? end]).toEqual([id, end]);
    ledger.ends.set(id, end);
  }
}

/** Every item of a list, page by page. */
async function* pages(
  server: TestServer,
  path: string,
  member: string,
  query: Record<string, string> = {},
): AsyncGenerator<Record<string, unknown>> {
  for (let marker = ''; ; ) {
    const { json } = await send(server, { method: 'GET', path, query: marker === '' ? query : { ...query, marker } });
    yield* json[member];
    if (json.Marker === null) return;
    marker = json.Marker;
  }
}
