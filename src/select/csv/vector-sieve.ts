import { plainSieve, type Sieve, type SieveOptions } from './sieve.ts';
import { block, type Code, get, I32, I64, i32, i64, leave, leaveIf, loop, moduleOf, set, V128, v128 } from './wasm.ts';

/** What is used of WebAssembly here; Node's types leave it out. */
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

const PAGE_BYTES = 65_536;
const VECTOR_BYTES = 16;
const PLACE_BYTES = Int32Array.BYTES_PER_ELEMENT;
/** Bytes that are looked at in one turn: a bit of 64 for each. */
const TURN_BYTES = 64;
/** Places that are written in one go, whether there are as many or not. */
const GROUP = 4;

/** The quickest sieve that there is: one of vectors, unless the processor has none or there is no address space for it. */
export function sieveFor(options: SieveOptions): Sieve {
  try {
    return vectorSieve(options);
  } catch {
    return plainSieve(options);
  }
}

/** The same for all sieves, and for each thread compiled once. */
let compiled: object | undefined;

/**
 * A sieve of WebAssembly's vectors. A byte is looked up in two tables, by its low and by its high four bits: each high half
 * that the characters have is one bit, and a low half has the bits of the high halves that it stands beside in a character.
 * A byte is one of the characters where the two have a bit in common; bytes beyond ASCII have none. In the memory are the
 * bytes, the places and the tables.
 */
export function vectorSieve({ sizeBytes, searchedBytes }: SieveOptions): Sieve {
  // The last turn looks behind what is searched, and writes places behind the last.
  const places = searchedBytes + TURN_BYTES;
  const positionsAt = Math.ceil(Math.max(sizeBytes, places) / VECTOR_BYTES) * VECTOR_BYTES;
  const tablesAt = positionsAt + places * PLACE_BYTES;
  const pages = Math.ceil((tablesAt + 2 * VECTOR_BYTES) / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  compiled ??= new WebAssembly.Module(moduleOf(siftCode()));
  const { run } = new WebAssembly.Instance(compiled, { from: { memory } }).exports as { run: Run };
  const positions = new Int32Array(memory.buffer, positionsAt, places);
  const tables = new Uint8Array(memory.buffer, tablesAt, 2 * VECTOR_BYTES);
  return {
    bytes: Buffer.from(memory.buffer, 0, sizeBytes),
    positions,
    seek(characters) {
      fillTables(tables, characters);
    },
    sift(end) {
      let count = run(end, positionsAt, tablesAt);
      while (count > 0 && (positions[count - 1] as number) >= end) count -= 1;
      return count;
    },
  };
}

/** Searches up to an end; returns how many places it has written from `positionsAt` on. */
type Run = (end: number, positionsAt: number, tablesAt: number) => number;

/** The locals, by number; the first are the parameters. */
const END = 0;
const POSITIONS_AT = 1;
const TABLES_AT = 2;
const AT = 3;
const OUT = 4;
const NEXT_OUT = 5;
const FOUND = 6;
const BYTES = 7;
const LOW = 8;
const HIGH = 9;
const PARAMETERS = [I32, I32, I32];
const LOCALS = [I32, I32, I32, I64, V128, V128, V128];

const add = (local: number, value: number): Code => [...get(local), ...i32.const(value), ...i32.add, ...set(local)];

function siftCode(): { parameters: Code; locals: Code; body: Code[] } {
  const turn = [
    [...get(AT), ...get(END), ...i32.geU, ...leaveIf(1)],
    [...foundCode(), ...set(FOUND)],
    // Written are whole groups, but only what was found counts.
    [...get(FOUND), ...i64.popcnt, ...i32.wrapI64, ...i32.const(PLACE_BYTES), ...i32.mul],
    [...get(OUT), ...i32.add, ...set(NEXT_OUT)],
    block(loop([...get(FOUND), ...i64.eqz, ...leaveIf(1)], ...groupCode(), add(OUT, GROUP * PLACE_BYTES), leave(0))),
    [...get(NEXT_OUT), ...set(OUT)],
    add(AT, TURN_BYTES),
    leave(0),
  ];
  return {
    parameters: PARAMETERS,
    locals: LOCALS,
    body: [
      [...get(POSITIONS_AT), ...set(OUT)],
      [...get(TABLES_AT), ...v128.load(0), ...set(LOW), ...get(TABLES_AT), ...v128.load(VECTOR_BYTES), ...set(HIGH)],
      block(loop(...turn)),
      [...get(OUT), ...get(POSITIONS_AT), ...i32.sub, ...i32.const(PLACE_BYTES), ...i32.divU],
    ],
  };
}

/** Leaves the lowest places in FOUND behind OUT, and takes them out of FOUND. */
function groupCode(): Code[] {
  return Array.from({ length: GROUP }, (_, place) => [
    ...[...get(OUT), ...get(FOUND), ...i64.ctz, ...i32.wrapI64, ...get(AT), ...i32.add],
    ...i32.store(place * PLACE_BYTES),
    ...[...get(FOUND), ...get(FOUND), ...i64.const(1), ...i64.sub, ...i64.and, ...set(FOUND)],
  ]);
}

/** A bit for each byte of the turn, the first byte's the lowest: whether it is one of the characters. */
function foundCode(): Code {
  const parts = Array.from({ length: TURN_BYTES / VECTOR_BYTES }, (_, part) => [
    ...othersCode(part * VECTOR_BYTES),
    ...[...i64.const(part * VECTOR_BYTES), ...i64.shl],
    ...(part === 0 ? [] : i64.or),
  ]);
  return [...parts.flat(), ...i64.const(-1), ...i64.xor];
}

/** A bit for each of the 16 bytes at AT and the offset: whether it is none of the characters. */
function othersCode(offset: number): Code {
  const lowBits = new Uint8Array(VECTOR_BYTES).fill(0x0f);
  return [
    ...[...get(AT), ...v128.load(offset), ...set(BYTES)],
    ...[...get(LOW), ...get(BYTES), ...v128.const(lowBits), ...v128.and, ...v128.swizzle],
    ...[...get(HIGH), ...get(BYTES), ...i32.const(4), ...v128.shrU, ...v128.swizzle],
    ...[...v128.and, ...v128.const(new Uint8Array(VECTOR_BYTES)), ...v128.equal],
    ...[...v128.bitmask, ...i64.extendI32U],
  ];
}

/** The two tables, by the low four bits and by the high ones. */
function fillTables(tables: Uint8Array, characters: string): void {
  const [low, high] = [tables.subarray(0, VECTOR_BYTES), tables.subarray(VECTOR_BYTES)];
  tables.fill(0);
  for (const byte of Buffer.from(characters, 'latin1')) {
    const bit = 1 << (byte >> 4);
    low[byte & 0x0f] = (low[byte & 0x0f] as number) | bit;
    high[byte >> 4] = bit;
  }
}
