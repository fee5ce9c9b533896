import { parentPort } from 'node:worker_threads';
import { SelectError } from '../select/select-error.ts';
import { Selection, type SelectionState } from '../select/selection.ts';
import type { SelectAnswer, SelectInput, SelectOrder } from './select-thread.ts';

type Chunk = Extract<SelectInput, { chunk: ArrayBuffer }>;

/** A query on its way. */
interface Running {
  readonly selection: Selection;
  /** What it is to read next. */
  readonly chunks: Chunk[];
  /** What it reads at the moment. */
  current: ArrayBuffer | undefined;
  isHungry: boolean;
  ended: boolean;
}

/**
 * What runs in the thread of queries (`select-thread.ts`): a query gets on whenever there are both bytes to read and room to
 * write, and waits for messages otherwise. What comes when there is none is for one that needed no more.
 */
const rooms: ArrayBuffer[] = [];
/** How much of the last room is filled with what has not been sent, and how much of that comes before the end of a record. */
let filledBytes = 0;
let endedBytes = 0;
let running: Running | undefined;

const answer = (what: SelectAnswer, transferred: ArrayBuffer[] = []) => parentPort?.postMessage(what, transferred);
const giveBack = (chunk: ArrayBuffer) => answer({ chunk }, [chunk]);

parentPort?.on('message', (input: SelectInput) => {
  try {
    if ('order' in input) running = begin(input.order);
    // Before the one that is being filled, which is the last.
    else if ('room' in input) rooms.unshift(input.room);
    else if ('end' in input) end();
    else if (running === undefined) giveBack(input.chunk);
    else running.chunks.push(input);
    if (running !== undefined) getOn(running);
  } catch (error) {
    if (!(error instanceof SelectError)) throw error;
    const { code, message, at } = error;
    answer({ failure: { code, message, at } });
    parentPort?.close();
  }
});

/** What was let in under a stricter setting means the same. */
function begin({ query, nowMs }: SelectOrder): Running {
  const selection = Selection.of(query, { strict: false, nowMs });
  return { selection, chunks: [], current: undefined, isHungry: true, ended: false };
}

function end(): void {
  if (running !== undefined) running.ended = true;
}

function getOn(query: Running): void {
  for (;;) {
    if (query.isHungry && !feed(query)) return;
    const room = rooms.at(-1);
    if (room === undefined) return;
    const { state, ...run } = query.selection.run(new Uint8Array(room, filledBytes));
    if (run.endedBytes > 0) endedBytes = filledBytes + run.endedBytes;
    filledBytes += run.outputBytes;
    query.isHungry = state === 'hungry';
    if (isWorthSending(state, room)) send();
    if (state !== 'done') continue;
    leave(query);
    return;
  }
}

/** A little waits for more. */
function isWorthSending(state: SelectionState, room: ArrayBuffer): boolean {
  return filledBytes > 0 && (state !== 'hungry' || 2 * filledBytes >= room.byteLength);
}

function send(): void {
  const room = rooms.pop() as ArrayBuffer;
  answer({ room, sizeBytes: filledBytes, endedBytes }, [room]);
  filledBytes = 0;
  endedBytes = 0;
}

/** False when there is nothing to be given now. */
function feed(query: Running): boolean {
  const { selection, chunks } = query;
  if (query.current !== undefined) {
    giveBack(query.current);
    query.current = undefined;
  }
  const next = chunks.shift();
  if (next !== undefined) {
    query.current = next.chunk;
    selection.give(new Uint8Array(next.chunk, 0, next.sizeBytes));
  } else if (query.ended) {
    selection.end();
  }
  query.isHungry = next === undefined && !query.ended;
  return !query.isHungry;
}

function leave({ current, chunks }: Running): void {
  running = undefined;
  answer({ done: true });
  if (current !== undefined) giveBack(current);
  for (const { chunk } of chunks) giveBack(chunk);
}
