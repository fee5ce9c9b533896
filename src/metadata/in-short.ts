/** What a removal does at first, and what it should take altogether. */
const FIRST_ROWS = 25;
const BUDGET_MS = 8;

/**
 * Removes up to `limit` rows, in steps that grow as long as all of them stay short, and returns how many. What a row costs
 * depends on the size of the table and on what of it is in memory, so that no fixed number is right: of ten million jobs it
 * takes ten times as long as of a thousand.
 */
export async function inShort(limit: number, remove: (limit: number) => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  let removed = 0;
  for (let size = FIRST_ROWS; ; size *= 2) {
    const wanted = Math.min(size, limit - removed);
    const step = await remove(wanted);
    removed += step;
    // The next step is longer than all before it together.
    if (step < wanted || removed >= limit || performance.now() - startedAt > BUDGET_MS / 3) return removed;
  }
}
