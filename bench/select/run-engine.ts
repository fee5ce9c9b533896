import { openSync, readSync, writeSync } from 'node:fs';
import { DEFAULT_CSV_INPUT, DEFAULT_CSV_OUTPUT } from '../../src/model/select.ts';
import { Selection } from '../../src/select/selection.ts';
import { printMeasured } from './measured.ts';

/** The engine alone, from a file in pieces of 1 MiB, so many times over, to a file: FILE TIMES EXPRESSION OUT. */
const [path = '', times = '', expression = '', outPath = ''] = process.argv.slice(2);
const PIECE_BYTES = 1024 * 1024;

await printMeasured(() => {
  const query = { expression, input: DEFAULT_CSV_INPUT, output: DEFAULT_CSV_OUTPUT };
  const selection = Selection.of(query, { strict: false, nowMs: Date.now() });
  const [archive, results] = [openSync(path, 'r'), openSync(outPath, 'w')];
  const [piece, out] = [Buffer.allocUnsafe(PIECE_BYTES), Buffer.allocUnsafe(PIECE_BYTES)];
  let [outputBytes, at, left] = [0, 0, Number(times)];
  for (;;) {
    const ran = selection.run(out);
    writeSync(results, out, 0, ran.outputBytes);
    outputBytes += ran.outputBytes;
    if (ran.state === 'done') return outputBytes;
    if (ran.state === 'full') continue;
    let bytes = readSync(archive, piece, 0, PIECE_BYTES, at);
    if (bytes === 0) {
      left -= 1;
      bytes = left > 0 ? readSync(archive, piece, 0, PIECE_BYTES, 0) : 0;
      at = 0;
    }
    at += bytes;
    if (bytes === 0) selection.end();
    else selection.give(piece.subarray(0, bytes));
  }
});
