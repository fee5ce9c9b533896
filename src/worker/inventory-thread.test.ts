import { MessagePort, Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { snapshotIn, T0, type TestArrangement, testArrangement, VAULT } from '../../test/support/arrangement.ts';
import { type InventoryRequest, inventoryText } from '../core/inventories.ts';
import { newArchiveId, newBlobId } from '../model/ids.ts';
import { limits } from '../model/limits.ts';
import { InventoryThread } from './inventory-thread.ts';

/** So many, with descriptions so long, that there are more pieces than are on their way at once. */
const ARCHIVES = 1300;
const DESCRIPTION = '"'.repeat(1024);
const TIMEOUT_MS = 60_000;

let arrangement: TestArrangement;
let thread: InventoryThread;
let request: InventoryRequest;
beforeAll(async () => {
  arrangement = await testArrangement();
  const { metadata } = arrangement.given;
  const vaultKey = (await metadata.vaults.find(VAULT))?.key ?? 0;
  for (let index = 0; index < ARCHIVES; index += 1) await addArchive(vaultKey, T0 + (index % 7));
  const snapshot = await snapshotIn(metadata, vaultKey);
  const selection = { vaultKey, snapshot, startAtMs: null, endAtMs: null, after: null, limit: null };
  request = { selection, format: 'JSON', vaultArn: 'arn', inventoryAtMs: T0, pageRows: 100 };
}, TIMEOUT_MS);
beforeEach(() => {
  thread = new InventoryThread(arrangement.given.metadata.source);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await thread[Symbol.asyncDispose]();
});
afterAll(() => arrangement[Symbol.asyncDispose]());

async function addArchive(vaultKey: number, nowMs: number): Promise<void> {
  const blob = { blobId: newBlobId(), startByte: 0, sizeBytes: 1, treeHash: '' };
  const facts = { id: newArchiveId(), vaultKey, description: DESCRIPTION, sizeBytes: 1, treeHash: 'ab' };
  await arrangement.given.metadata.archives.add({ ...facts, blob, nowMs });
}

/** The text of an inventory and its end, of which pieces are taken as they come. */
async function read(pieces: ReturnType<typeof inventoryText>, onPiece: () => unknown = () => undefined) {
  let text = '';
  let step = await pieces.next();
  for (; step.done !== true; step = await pieces.next()) {
    text += step.value.toString();
    await onPiece();
  }
  return { text, end: step.value };
}

const inPlace = (asked: InventoryRequest) =>
  read(inventoryText(arrangement.given.metadata.inventories, asked, () => Buffer.alloc(limits.inventoryPieceBytes)));

/** Tells which threads were given work since. */
function threads(): () => Worker[] {
  const post = vi.spyOn(Worker.prototype, 'postMessage');
  return () => [...new Set(post.mock.contexts)] as Worker[];
}
const exited = (worker: Worker) => vi.waitFor(() => expect(worker.threadId).toBe(-1), { timeout: TIMEOUT_MS / 2 });

describe('the inventory thread', { timeout: TIMEOUT_MS }, () => {
  test('gives the bytes that the main thread would, of several inventories at once', async () => {
    const begun = threads();
    const selection = { ...request.selection, limit: 250 };
    const requests: InventoryRequest[] = [request, { ...request, format: 'CSV' }, { ...request, selection }];
    const found = await Promise.all(requests.map((asked) => read(thread.read(asked))));
    for (const [index, asked] of requests.entries()) expect(found[index]).toEqual(await inPlace(asked));
    expect(found[2]?.end.next).toMatchObject({ createdAtMs: T0 + 1 });
    expect(JSON.parse(found[0]?.text ?? '').ArchiveList).toHaveLength(ARCHIVES);
    expect(begun()).toHaveLength(1);
  });

  test('has no more pieces on their way than it has buffers', async () => {
    const send = vi.spyOn(MessagePort.prototype, 'postMessage');
    const pieces = thread.read(request);
    await pieces.next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const buffers = send.mock.calls.filter(([what]) => what instanceof ArrayBuffer);
    expect(buffers).toHaveLength(limits.inventoryPiecesMax);
    const { text } = await read(pieces);
    expect(text.length).toBeGreaterThan(limits.inventoryPieceBytes * limits.inventoryPiecesMax);
  });

  test('ends when there is no inventory left, and begins anew with the next', async () => {
    const begun = threads();
    for (const count of [1, 2]) {
      await read(thread.read(request));
      expect(begun()).toHaveLength(count);
      for (const worker of begun()) await exited(worker);
    }
  });

  test('ends an inventory that nobody wants any more', async () => {
    const begun = threads();
    for await (const piece of thread.read(request)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    for (const worker of begun()) await exited(worker);
  });

  test('fails those that it is at when it ends itself, and no others', async () => {
    const begun = threads();
    const failing = read(thread.read(request), () => begun()[0]?.terminate());
    await expect(failing).rejects.toThrow('the inventory thread ended before the inventory did');
    expect(await read(thread.read(request))).toEqual(await inPlace(request));
  });

  test('leaves nothing behind when it cannot be started, and is as good as new', async () => {
    const begun = threads();
    const ports = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
    const before = ports();
    const source = { ...arrangement.given.metadata.source };
    await using unlucky = new InventoryThread(source);
    const { path } = source;
    Object.assign(source, { path: () => 'nothing that a thread can be given' });
    for (let count = 0; count < 3; count += 1) await expect(read(unlucky.read(request))).rejects.toThrow('cloned');
    expect(ports()).toBe(before);
    Object.assign(source, { path });
    await read(unlucky.read(request));
    for (const worker of begun()) await exited(worker);
  });

  test('tells why an inventory failed', async () => {
    const unread = { ...request, pageRows: Number.NaN };
    const failure = await read(thread.read(unread)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ message: 'the inventory could not be read', cause: expect.any(Error) });
    await using nowhere = new InventoryThread({ kind: 'sqlite', path: `${arrangement.directory}/none` });
    const missing = await read(nowhere.read(request)).catch((error: unknown) => error);
    expect(missing).toMatchObject({
      message: 'the inventory thread ended before the inventory did',
      cause: expect.objectContaining({ message: 'unable to open database file' }),
    });
  });

  // The last, for it changes the vault.
  test('shows what was there at the snapshot, however the vault changes while it is read', async () => {
    const { metadata } = arrangement.given;
    const expected = await inPlace(request);
    const { vaultKey, snapshot } = request.selection;
    const page = { snapshot, untilMs: T0 + 9, after: { createdAtMs: 0, archiveKey: -1 }, limit: ARCHIVES };
    const left = await metadata.inventories.page({ ...page, vaultKey });
    const found = await read(thread.read(request), async () => {
      for (const [archiveKey] of left.splice(-20)) await metadata.archives.delete({ archiveKey, nowMs: T0 });
      await addArchive(vaultKey, T0);
    });
    expect(left.length).toBeLessThan(ARCHIVES - 60);
    expect(found).toEqual(expected);
  });
});
