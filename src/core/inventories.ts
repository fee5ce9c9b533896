import type { InventoryPage } from '../metadata/archives.ts';
import type { Archive } from '../model/archives.ts';
import { formatInstantSeconds } from '../model/instants.ts';
import type { InventoryFormat } from '../model/jobs.ts';
import type { Arrangement } from './arrangement.ts';

/** What an inventory lists. */
export type InventorySelection = Omit<InventoryPage, 'after' | 'limit'> & {
  after: InventoryPage['after'];
  /** How many archives at most; null for all. */
  limit: number | null;
};

/** Where an inventory ended. */
export interface InventoryEnd {
  /** The last archive listed, if others follow it. */
  next: { createdAtMs: number; archiveKey: number } | null;
}

/** The archives of an inventory, in pages, in order of creation; memory does not grow with the vault. */
export async function* inventoryPages(
  { metadata }: Pick<Arrangement, 'metadata'>,
  { selection, pageRows }: { selection: InventorySelection; pageRows: number },
): AsyncGenerator<Archive[], InventoryEnd, void> {
  let after = selection.after;
  let left = selection.limit ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const wanted = Math.min(pageRows, left);
    // One row more than is listed tells whether others follow.
    const found = await metadata.archives.inventoryPage({ ...selection, after, limit: wanted + 1 });
    const page = found.slice(0, wanted);
    const last = page.at(-1);
    if (last !== undefined) {
      yield page;
      after = { createdAtMs: last.createdAtMs, archiveKey: last.key };
    }
    left -= page.length;
    if (found.length <= wanted) return { next: null };
    if (left === 0) return { next: after };
  }
}

/** How an inventory is written down: what comes first, each page, and what comes last. */
export interface InventoryWriter {
  head: string;
  page(archives: readonly Archive[], isFirst: boolean): string;
  tail: string;
}

export function inventoryWriter(
  format: InventoryFormat,
  { vaultArn, inventoryAtMs }: { vaultArn: string; inventoryAtMs: number },
): InventoryWriter {
  return format === 'CSV' ? csvWriter : jsonWriter({ vaultArn, inventoryAtMs });
}

/** Compact JSON on one line, members in this order, dates in whole seconds, a missing description as "". */
function jsonWriter({ vaultArn, inventoryAtMs }: { vaultArn: string; inventoryAtMs: number }): InventoryWriter {
  const opening = JSON.stringify({ VaultARN: vaultArn, InventoryDate: formatInstantSeconds(inventoryAtMs) });
  return {
    head: `${opening.slice(0, -1)},"ArchiveList":[`,
    page: (archives, isFirst) => `${isFirst ? '' : ','}${archives.map(toJson).join(',')}`,
    tail: ']}',
  };
}

function toJson(archive: Archive): string {
  return JSON.stringify({
    ArchiveId: archive.id,
    ArchiveDescription: archive.description ?? '',
    CreationDate: formatInstantSeconds(archive.createdAtMs),
    Size: archive.sizeBytes,
    SHA256TreeHash: archive.treeHash,
  });
}

/**
 * The CSV of the developer guide ("GetJobOutput"): `"` becomes `\"` and a backslash stays as it is, so the text is not
 * what ordinary CSV readers take; the description is always quoted, which every reader of this format accepts.
 */
const csvWriter: InventoryWriter = {
  head: 'ArchiveId,ArchiveDescription,CreationDate,Size,SHA256TreeHash\n',
  page: (archives) => archives.map(toCsv).join(''),
  tail: '',
};

function toCsv(archive: Archive): string {
  const description = (archive.description ?? '').replaceAll('"', '\\"');
  const createdAt = formatInstantSeconds(archive.createdAtMs);
  return `${archive.id},"${description}",${createdAt},${archive.sizeBytes},${archive.treeHash}\n`;
}
