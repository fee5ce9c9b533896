import type { InventoryRecords, InventoryRow } from '../metadata/inventories.ts';
import { formatInstantSeconds } from '../model/instants.ts';
import type { InventoryFormat } from '../model/jobs.ts';
import type { InventoryPosition } from '../model/markers.ts';
import type { Snapshot } from '../model/vaults.ts';

/** What an inventory lists. */
export interface InventorySelection {
  vaultKey: number;
  /** What is listed was in the vault then. */
  snapshot: Snapshot;
  /** Creation from (inclusive) and to (exclusive). */
  startAtMs: number | null;
  endAtMs: number | null;
  after: InventoryPosition | null;
  /** How many archives at most; null for all. */
  limit: number | null;
}

/** An inventory to be written: all that another thread has to be told. */
export interface InventoryRequest {
  selection: InventorySelection;
  format: InventoryFormat;
  vaultArn: string;
  inventoryAtMs: number;
  pageRows: number;
}

/** Where an inventory ended. */
export interface InventoryEnd {
  /** The last archive listed, if others follow it. */
  next: InventoryPosition | null;
}

/** An archive that is listed. */
export type InventoryLine = InventoryRow & { 2: string };

/** What inventories are read from. */
export type InventoryPages = Pick<InventoryRecords, 'page'>;

/** The archives of an inventory, in pages, in order of creation; memory does not grow with the vault. */
export async function* inventoryPages(
  records: InventoryPages,
  { selection, pageRows }: Pick<InventoryRequest, 'selection' | 'pageRows'>,
): AsyncGenerator<InventoryLine[], InventoryEnd, void> {
  const { vaultKey, snapshot } = selection;
  const untilMs = selection.endAtMs === null ? Number.MAX_SAFE_INTEGER : selection.endAtMs - 1;
  let after = beginningOf(selection);
  let last: InventoryPosition | null = null;
  let left = selection.limit ?? Number.POSITIVE_INFINITY;
  // One archive more than is listed tells whether others follow. If that was not enough there are deleted ones, however many.
  for (let limit = Math.min(pageRows, left + 1); ; limit = pageRows) {
    const found = await records.page({ vaultKey, snapshot, after, untilMs, limit });
    const listed = found.filter(isListed);
    const page = listed.slice(0, left);
    left -= page.length;
    last = positionOf(page.at(-1)) ?? last;
    if (page.length > 0) yield page;
    if (listed.length > page.length) return { next: last };
    if (found.length < limit) return { next: null };
    after = positionOf(found.at(-1)) ?? after;
  }
}

/** The position that all that is selected comes after. */
function beginningOf({ startAtMs, after }: InventorySelection): InventoryPosition {
  const start = { createdAtMs: startAtMs ?? 0, archiveKey: -1 };
  return after === null || after.createdAtMs < start.createdAtMs ? start : after;
}

const isListed = (row: InventoryRow): row is InventoryLine => row[2] !== null;

const positionOf = (row: InventoryRow | undefined): InventoryPosition | undefined =>
  row && { createdAtMs: row[1], archiveKey: row[0] };

/** UTF-8 takes no more for a unit of a string. */
const BYTES_PER_UNIT_MAX = 3;

/**
 * An inventory as bytes. They are written into buffers that `take` gives, which must hold a line or two; a piece is a filled
 * part of such a buffer. Lines go there one by one: joined to a long text first, they take three times as long.
 */
export async function* inventoryText(
  records: InventoryPages,
  request: InventoryRequest,
  take: () => Buffer | Promise<Buffer>,
): AsyncGenerator<Buffer, InventoryEnd, void> {
  const writer = inventoryWriter(request);
  const pages = inventoryPages(records, request);
  let buffer = await take();
  let filledBytes = buffer.write(writer.head);
  let separator = '';
  let step = await pages.next();
  for (; step.done !== true; step = await pages.next()) {
    for (const row of step.value) {
      const line = separator + writer.line(row);
      separator = writer.separator;
      if (line.length * BYTES_PER_UNIT_MAX > buffer.length - filledBytes) {
        yield buffer.subarray(0, filledBytes);
        buffer = await take();
        filledBytes = 0;
      }
      filledBytes += buffer.write(line, filledBytes);
    }
  }
  if (writer.tail.length > buffer.length - filledBytes) {
    yield buffer.subarray(0, filledBytes);
    buffer = await take();
    filledBytes = 0;
  }
  filledBytes += buffer.write(writer.tail, filledBytes);
  yield buffer.subarray(0, filledBytes);
  return step.value;
}

/** How an inventory is written down: what comes first, an archive, what is between two of them, and what comes last. */
interface InventoryWriter {
  head: string;
  line(row: InventoryLine): string;
  separator: string;
  tail: string;
}

function inventoryWriter({
  format,
  ...facts
}: Pick<InventoryRequest, 'format' | 'vaultArn' | 'inventoryAtMs'>): InventoryWriter {
  return format === 'CSV' ? csvWriter() : jsonWriter(facts);
}

/** Compact JSON on one line, members in this order, dates in whole seconds, a missing description as "". */
function jsonWriter({ vaultArn, inventoryAtMs }: { vaultArn: string; inventoryAtMs: number }): InventoryWriter {
  const opening = JSON.stringify({ VaultARN: vaultArn, InventoryDate: formatInstantSeconds(inventoryAtMs) });
  const dateOf = secondsFormat();
  return {
    head: `${opening.slice(0, -1)},"ArchiveList":[`,
    // Ids and hashes are of letters, digits, `-` and `_`.
    line: ([, createdAtMs, id, description, sizeBytes, treeHash]) =>
      `{"ArchiveId":"${id}","ArchiveDescription":${quoted(description ?? '')},"CreationDate":"${dateOf(createdAtMs)}",` +
      `"Size":${sizeBytes},"SHA256TreeHash":"${treeHash}"}`,
    separator: ',',
    tail: ']}',
  };
}

/** The characters that JSON takes as they are, of those that descriptions may have. */
const PLAIN = /^[ !#-[\]-~]*$/;

const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/**
 * The CSV of the developer guide ("GetJobOutput"): `"` becomes `\"` and a backslash stays as it is, so the text is not
 * what ordinary CSV readers take; the description is always quoted, which every reader of this format accepts.
 */
function csvWriter(): InventoryWriter {
  const dateOf = secondsFormat();
  return {
    head: 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n',
    line: ([, createdAtMs, id, description, sizeBytes, treeHash]) =>
      `${id},"${(description ?? '').replaceAll('"', '\\"')}",${dateOf(createdAtMs)},${sizeBytes},${treeHash}\n`,
    separator: '',
    tail: '',
  };
}

/** Archives in order of creation share their second with the one before, more often than not. */
function secondsFormat(): (atMs: number) => string {
  let second = Number.NaN;
  let text = '';
  return (atMs) => {
    const asked = Math.floor(atMs / 1000);
    if (asked !== second) {
      second = asked;
      text = formatInstantSeconds(atMs);
    }
    return text;
  };
}
