import { hash } from 'node:crypto';
import { GIB, KIB, limits } from '../../src/model/limits.ts';
import type { IdGenerator } from './ids.ts';
import { archiveCreatedAtMs, type SeedPlan } from './plan.ts';

/** What programs and people put there: nothing, words, what CSV must escape, and encoded text up to the longest allowed. */
const DESCRIPTIONS: readonly ((index: number) => string | null)[] = [
  () => null,
  (index) => `photographs/${2000 + (index % 25)}/album-${index}.tar.gz`,
  (index) => `Ledger ${index}, second half, "final"`,
  (index) => `C:\\backup\\disk ${index}\\`,
  (index) => JSON.stringify({ path: `/srv/mail/box-${index}.tar`, mtime: 1_600_000_000 + index }),
  (index) => `mt2 ${Buffer.from(`{"filename":"set/${index}","mtime":"20130924T130000Z"}`).toString('base64url')}`,
  () => '',
  (index) => `<m><v>4</v><p>${Buffer.from(`volume ${index}`).toString('base64')}</p></m>`,
];
const LONGEST_EVERY = 1000;
const SIZE_STEP = 40_503;
const SIZES = 2 ** 20;

/** The row of an archive whose bytes are nowhere. Archives can be listed, not retrieved. */
export function archiveRow(plan: SeedPlan, ids: IdGenerator, { index, vaultKey }: { index: number; vaultKey: number }) {
  return {
    id: ids.archiveId({ index, count: plan.archives }),
    vault_key: vaultKey,
    description: descriptionOf(index),
    size_bytes: sizeOf(index),
    tree_hash: hash('sha256', `archive ${index}`),
    created_at: archiveCreatedAtMs(plan, index),
    deleted_at: null,
  };
}

/** From one byte to some gigabytes, a few beyond 32 bits. */
function sizeOf(index: number): number {
  const varied = (index * SIZE_STEP) % SIZES;
  return index % 100 === 0 ? 4 * GIB + varied : 1 + varied * KIB;
}

function descriptionOf(index: number): string | null {
  if (index % LONGEST_EVERY === LONGEST_EVERY - 1) return `${index} `.padEnd(limits.descriptionLengthMax, 'deed ');
  return DESCRIPTIONS[index % DESCRIPTIONS.length]?.(index) ?? null;
}
