import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JobStatus } from '../../src/model/jobs.ts';
import { PageQueries, type PageRow } from './page-query.ts';
import type { Filter } from './pages.ts';

/**
 * The least that a server does which lists jobs: `node:http`, the query of the page, JSON. It looks at no signature and
 * knows nothing but one vault: DATABASE VAULT-NAME VAULT-ARN.
 */
const [path = '', vaultName = '', vaultArn = ''] = process.argv.slice(2);
const PAGE_JOBS = 50;
const queries = new PageQueries(path, vaultName);

const server = createServer((request, response) => {
  const query = new URLSearchParams(request.url?.slice(request.url.indexOf('?')));
  const at = query.get('at');
  const after = at === null ? undefined : { createdAtMs: Number(at), id: query.get('id') ?? '' };
  const rows = queries.rows(filterOf(query), after);
  const page = rows.slice(0, PAGE_JOBS);
  const marker = rows.length > PAGE_JOBS ? page.at(-1)?.id : null;
  const text = JSON.stringify({ JobList: page.map(rendered), Marker: marker });
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));

function filterOf(query: URLSearchParams): Filter {
  const completed = query.get('completed');
  const statuscode = query.get('statuscode');
  return {
    ...(completed !== null && { completed: completed as 'true' | 'false' }),
    ...(statuscode !== null && { statuscode: statuscode as JobStatus }),
  };
}

function rendered(row: PageRow) {
  const ofArchive = row.kind === 'archive-retrieval';
  const [start, end] = [Number(row.range_start_byte), Number(row.range_end_byte)];
  const isHidden = row.range_asked === 1 && row.status === 'InProgress' && end - start + 1 === row.archive_size_bytes;
  return {
    Action: ofArchive ? 'ArchiveRetrieval' : 'InventoryRetrieval',
    ArchiveId: row.archive_id,
    ArchiveSHA256TreeHash: row.archive_tree_hash,
    ArchiveSizeInBytes: row.archive_size_bytes,
    Completed: row.completed === 1,
    CompletionDate: dateOf(row.completed_at),
    CreationDate: dateOf(row.created_at),
    InventoryRetrievalParameters: ofArchive ? null : parametersOf(row),
    InventorySizeInBytes: row.output_size_bytes,
    JobDescription: row.description,
    JobId: row.id,
    RetrievalByteRange: ofArchive ? `${start}-${end}` : null,
    SHA256TreeHash: isHidden ? null : row.range_tree_hash,
    SNSTopic: row.sns_topic,
    StatusCode: row.status,
    StatusMessage: row.status_message,
    Tier: row.tier,
    VaultARN: vaultArn,
  };
}

/** The seeded inventories have no window. */
function parametersOf(row: PageRow) {
  return {
    EndDate: null,
    Format: row.inventory_format,
    Limit: null,
    Marker: row.inventory_marker,
    StartDate: null,
  };
}

function dateOf(instant: PageRow[string] | undefined): string | null {
  return typeof instant === 'number' ? new Date(instant).toISOString() : null;
}
