import { type ByteRange, parseRange } from '../model/byte-range.ts';
import { parseDescription } from '../model/description.ts';
import { invalidParameter, missingParameter } from '../model/errors.ts';
import { parseInstant } from '../model/instants.ts';
import { type ArchiveSelect, INVENTORY_FORMATS, type InventoryRetrieval, TIERS, type Tier } from '../model/jobs.ts';
import type { OutputLocation, SelectQuery } from '../model/select.ts';
import { type Json, object, oneOf, text, topicArn } from './json-members.ts';
import { parseOutputLocation } from './output-location.ts';
import { parseSelectParameters } from './select-parameters.ts';

const POSITIVE_INTEGER = /^[1-9]\d{0,14}$/;

interface Notes {
  description: string | null;
  snsTopic: string | null;
}

/** A query on an archive: what it is, and the two documents that said it. */
interface SelectParameters {
  kind: 'select';
  archiveId: string;
  tier: Tier;
  query: SelectQuery;
  output: OutputLocation;
  sent: ArchiveSelect['sent'];
}

/** What InitiateJob was asked to do. */
export type JobParameters = Notes &
  (
    | { kind: 'archive-retrieval'; archiveId: string; range: ByteRange | null; tier: Tier }
    | InventoryRetrieval
    | SelectParameters
  );

/** Reads the body of InitiateJob. */
export function parseJobParameters(body: Json | undefined): JobParameters {
  if (body === undefined) throw missingParameter('Job Parameters');
  const type = text(body, 'Type');
  if (type === null) throw missingParameter('type');
  if (type === 'archive-retrieval') return archiveRetrieval(body);
  if (type === 'inventory-retrieval') return inventoryRetrieval(body);
  if (type === 'select') return select(body);
  throw invalidParameter(`The job type is not valid: ${type}`);
}

function archiveRetrieval(body: Json): JobParameters {
  const archiveId = text(body, 'ArchiveId');
  if (archiveId === null || archiveId === '') throw missingParameter('archiveId');
  if (object(body, 'InventoryRetrievalParameters') !== null) {
    throw invalidParameter('InventoryRetrievalParameters is not valid for an archive-retrieval job.');
  }
  const rangeText = text(body, 'RetrievalByteRange');
  const range = rangeText === null ? null : parseRange(rangeText);
  if (range === undefined) throw invalidParameter(`Invalid RetrievalByteRange: ${rangeText}`);
  const tier = oneOf(body, 'Tier', TIERS) ?? 'Standard';
  return { kind: 'archive-retrieval', archiveId, range, tier, ...notes(body) };
}

function inventoryRetrieval(body: Json): JobParameters {
  for (const name of ['ArchiveId', 'RetrievalByteRange']) {
    if (text(body, name) !== null) throw invalidParameter(`${name} is not valid for an inventory-retrieval job.`);
  }
  const parameters = object(body, 'InventoryRetrievalParameters') ?? {};
  const startAtMs = instant(parameters, 'StartDate');
  const endAtMs = instant(parameters, 'EndDate');
  if (startAtMs !== null && endAtMs !== null && startAtMs > endAtMs) {
    throw invalidParameter('The StartDate of an inventory must not be after its EndDate.');
  }
  return {
    kind: 'inventory-retrieval',
    format: oneOf(body, 'Format', INVENTORY_FORMATS) ?? 'JSON',
    startAtMs,
    endAtMs,
    limit: limitOf(parameters),
    marker: text(parameters, 'Marker'),
    ...notes(body),
  };
}

function select(body: Json): JobParameters {
  const archiveId = text(body, 'ArchiveId');
  if (archiveId === null || archiveId === '') throw missingParameter('archiveId');
  const stray = ['Format', 'InventoryRetrievalParameters', 'RetrievalByteRange'].find(
    (name) => (body[name] ?? null) !== null,
  );
  if (stray !== undefined) throw invalidParameter(`${stray} is not valid for a select job.`);
  const tier = oneOf(body, 'Tier', TIERS) ?? 'Standard';
  const { query, sent: selectParameters } = parseSelectParameters(body);
  const { output, sent: outputLocation } = parseOutputLocation(body);
  return { kind: 'select', archiveId, tier, query, output, sent: { selectParameters, outputLocation }, ...notes(body) };
}

function notes(body: Json): Notes {
  const snsTopic = topicArn(body, 'SNSTopic');
  return { description: parseDescription(text(body, 'Description')), snsTopic };
}

function instant(from: Json, name: string): number | null {
  const value = text(from, name);
  if (value === null) return null;
  const atMs = parseInstant(value);
  if (atMs === undefined) throw invalidParameter(`Invalid ${name}: ${value}`);
  return atMs;
}

/** The published model has the limit as a string; a number is taken as well. */
function limitOf(parameters: Json): number | null {
  const value = parameters.Limit ?? null;
  if (value === null) return null;
  const digits = typeof value === 'number' ? String(value) : text(parameters, 'Limit');
  if (digits === null || !POSITIVE_INTEGER.test(digits)) throw invalidParameter(`The limit is not valid: ${digits}`);
  return Number(digits);
}
