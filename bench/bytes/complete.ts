import { MIB } from '../../src/model/limits.ts';
import { repeatedBody, treeHashOf } from '../repeated-body.ts';
import type { Row } from '../report.ts';
import { atOnce } from '../rounds.ts';
import type { VaultClient } from '../vault-client.ts';
import { CLIENTS, type Contestants } from './contestants.ts';

/** How long a client waits for CompleteMultipartUpload of very many parts, beside that of one part. */
export async function completeManyParts(
  { moraine }: Contestants,
  { partCount }: { partCount: number },
): Promise<Row[]> {
  const { vault } = moraine.encrypted;
  const reference = { case: 'complete of 1 part', value: await completeMs(vault, 1) };
  const many = { case: `complete of ${partCount} parts`, value: await completeMs(vault, partCount) };
  return [
    { ...reference, unit: 'ms' },
    { ...many, unit: 'ms', against: reference },
  ];
}

async function completeMs(vault: VaultClient, partCount: number): Promise<number> {
  const part = repeatedBody(MIB);
  const sizeBytes = partCount * MIB;
  const upload = await vault.beginUpload(MIB);
  await atOnce({ clients: CLIENTS, count: partCount }, (index) => vault.uploadPart(upload, index, part));
  const startedAt = performance.now();
  await vault.completeUpload(upload, { sizeBytes, treeHash: treeHashOf({ piece: part.piece, sizeBytes }) });
  return performance.now() - startedAt;
}
