import type { SelectQuery } from '../../src/model/select.ts';
import { Selection } from '../../src/select/selection.ts';

export interface SelectRun {
  query: SelectQuery;
  strict: boolean;
  nowMs: number;
}

/** Small enough that results come in many pieces, and never the size of anything in them. */
const OUTPUT_BYTES = 97;

/** The results of a query over an archive that is given in chunks; throws what the selection throws. */
export function selected({ query, ...options }: SelectRun, archive: Buffer, chunkBytes = archive.length): Buffer {
  const selection = Selection.of(query, options);
  const out = Buffer.alloc(OUTPUT_BYTES);
  const pieces: Buffer[] = [];
  let given = 0;
  let ended = false;
  for (;;) {
    const { state, outputBytes } = selection.run(out);
    pieces.push(Buffer.from(out.subarray(0, outputBytes)));
    if (state === 'done') return Buffer.concat(pieces);
    if (state === 'full') continue;
    if (ended) throw new Error('the selection asked for more than there is');
    ended = given === archive.length;
    if (ended) selection.end();
    else selection.give(archive.subarray(given, given + chunkBytes));
    given = Math.min(archive.length, given + chunkBytes);
  }
}
