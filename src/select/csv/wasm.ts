/**
 * As much of WebAssembly's binary format as the sieve needs (WebAssembly core specification, "Binary format"): instructions
 * are their bytes, and a module is one function over one memory.
 */
export type Code = readonly number[];

/** LEB128 of a number that is not negative. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)];
}

const BLOCK_WITHOUT_RESULT = 0x40;
const VECTOR = 0xfd;

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;

export const get = (local: number): Code => [0x20, local];
export const set = (local: number): Code => [0x21, local];

/** Runs the code once; `leave(0)` inside goes to its end. */
export const block = (...code: Code[]): Code => [0x02, BLOCK_WITHOUT_RESULT, ...code.flat(), 0x0b];
/** `leave(0)` inside goes to its start, and its end is left by getting there. */
export const loop = (...code: Code[]): Code => [0x03, BLOCK_WITHOUT_RESULT, ...code.flat(), 0x0b];
export const leave = (depth: number): Code => [0x0c, depth];
export const leaveIf = (depth: number): Code => [0x0d, depth];

export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  geU: [0x4f],
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  divU: [0x6e],
  wrapI64: [0xa7],
  /** The address is that on the stack and the offset. */
  store: (offset: number): Code => [0x36, 2, ...unsigned(offset)],
} as const;

export const i64 = {
  const: (value: number): Code => [0x42, ...signed(value)],
  eqz: [0x50],
  ctz: [0x7a],
  popcnt: [0x7b],
  sub: [0x7d],
  and: [0x83],
  or: [0x84],
  xor: [0x85],
  shl: [0x86],
  extendI32U: [0xad],
} as const;

/** Vectors of 16 bytes. */
export const v128 = {
  load: (offset: number): Code => [VECTOR, 0x00, 0, ...unsigned(offset)],
  const: (bytes: ArrayLike<number>): Code => [VECTOR, 0x0c, ...Array.from(bytes)],
  /** Takes bytes out of the first vector by the numbers in the second; 0 where a number is above 15. */
  swizzle: [VECTOR, 0x0e],
  equal: [VECTOR, 0x23],
  and: [VECTOR, 0x4e],
  /** The top bits of the bytes. */
  bitmask: [VECTOR, 0x64],
  shrU: [VECTOR, 0x6d],
} as const;

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(vector(items))];
const name = (text: string): Code => sized([...Buffer.from(text)]);

/** A module that imports `memory` of `from` and exports `run`, a function that returns an i32. */
export function moduleOf({
  parameters,
  locals,
  body,
}: {
  parameters: Code;
  locals: Code;
  body: readonly Code[];
}): Uint8Array<ArrayBuffer> {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const type = [0x60, ...unsigned(parameters.length), ...parameters, 1, I32];
  const memory = [...name('from'), ...name('memory'), 0x02, 0x00, 0];
  const code = [...vector(locals.map((local) => [1, local])), ...body.flat(), 0x0b];
  return Uint8Array.from([
    ...header,
    ...section(1, [type]),
    ...section(2, [memory]),
    ...section(3, [[0]]),
    ...section(7, [[...name('run'), 0x00, 0]]),
    ...section(10, [sized(code)]),
  ]);
}
