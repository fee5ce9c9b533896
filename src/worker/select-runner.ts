import { parentPort, workerData } from 'node:worker_threads';
import { SelectError } from '../select/select-error.ts';
import { Selection } from '../select/selection.ts';
import type { SelectAnswer, SelectInput, SelectOrder } from './select-thread.ts';

/**
 * What runs in the thread of a query (`select-thread.ts`): it gets on whenever there are both bytes to read and room to
 * write, and waits for messages otherwise.
 */
const { query, nowMs } = workerData as SelectOrder;
const chunks: Extract<SelectInput, { chunk: ArrayBuffer }>[] = [];
const rooms: ArrayBuffer[] = [];
let selection: Selection | undefined;
/** What the selection reads at the moment. */
let current: ArrayBuffer | undefined;
let isHungry = true;
let ended = false;

const answer = (what: SelectAnswer, transferred: ArrayBuffer[] = []) => parentPort?.postMessage(what, transferred);

parentPort?.on('message', (input: SelectInput) => {
  if ('chunk' in input) chunks.push(input);
  else if ('room' in input) rooms.push(input.room);
  else ended = true;
  try {
    // What was let in under a stricter setting means the same.
    selection ??= Selection.of(query, { strict: false, nowMs });
    getOn(selection);
  } catch (error) {
    if (!(error instanceof SelectError)) throw error;
    const { code, message, at } = error;
    answer({ failure: { code, message, at } });
    parentPort?.close();
  }
});

function getOn(running: Selection): void {
  for (;;) {
    if (isHungry && !feed(running)) return;
    const room = rooms.pop();
    if (room === undefined) return;
    const { state, outputBytes, endedBytes } = running.run(new Uint8Array(room));
    isHungry = state === 'hungry';
    if (outputBytes > 0) answer({ room, sizeBytes: outputBytes, endedBytes }, [room]);
    else rooms.push(room);
    if (state !== 'done') continue;
    answer({ done: true });
    parentPort?.close();
    return;
  }
}

/** False when there is nothing to be given now. */
function feed(running: Selection): boolean {
  if (current !== undefined) {
    answer({ chunk: current }, [current]);
    current = undefined;
  }
  const next = chunks.shift();
  if (next !== undefined) {
    current = next.chunk;
    running.give(new Uint8Array(next.chunk, 0, next.sizeBytes));
  } else if (ended) {
    running.end();
  }
  isHungry = next === undefined && !ended;
  return !isHungry;
}
