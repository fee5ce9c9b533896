import { limits } from '../model/limits.ts';
import { PolicyFault, shown } from './fault.ts';

/**
 * JSON for documents that decide about rights. JSON.parse keeps the last of two equal members, so a document could say one
 * thing to its reviewer and another to the server; this reader refuses duplicates, text before and after, depth, and
 * halves of characters, and says where. Objects become maps: no member name (`__proto__`) means anything to them.
 */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export type JsonObject = Map<string, JsonValue>;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORDS = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);
const BYTE_ORDER_MARK = '\ufeff';

interface Scan {
  text: string;
  at: number;
  depth: number;
}

/** Reads a whole document. PolicyFault, naming line and column, for everything that is not strict JSON. */
export function parseJson(text: string): JsonValue {
  const scan: Scan = { text, at: 0, depth: 0 };
  if (text.startsWith(BYTE_ORDER_MARK)) throw faultAt(scan, 'a byte order mark is not allowed.');
  const value = readValue(scan);
  skipBlanks(scan);
  if (scan.at < text.length) throw faultAt(scan, `the document should end here, but ${next(scan)} follows.`);
  return value;
}

function readValue(scan: Scan): JsonValue {
  skipBlanks(scan);
  const mark = scan.text[scan.at];
  if (mark === '{') return nested(scan, readObject);
  if (mark === '[') return nested(scan, readArray);
  if (mark === '"') return readString(scan);
  for (const [word, value] of WORDS) {
    if (scan.text.startsWith(word, scan.at)) {
      scan.at += word.length;
      return value;
    }
  }
  return readNumber(scan);
}

function nested<Value>(scan: Scan, read: (scan: Scan) => Value): Value {
  scan.depth += 1;
  if (scan.depth > limits.jsonDepthMax) throw faultAt(scan, `nested deeper than ${limits.jsonDepthMax} levels.`);
  scan.at += 1;
  const value = read(scan);
  scan.depth -= 1;
  return value;
}

function readObject(scan: Scan): JsonObject {
  const members: JsonObject = new Map();
  if (taken(scan, '}')) return members;
  do {
    skipBlanks(scan);
    if (scan.text[scan.at] !== '"') throw faultAt(scan, `expected a member name in quotes, found ${next(scan)}.`);
    const start = scan.at;
    const name = readString(scan);
    if (members.has(name)) throw faultAt({ ...scan, at: start }, `the member ${shown(name)} appears twice.`);
    if (!taken(scan, ':')) throw faultAt(scan, `expected a colon after ${shown(name)}, found ${next(scan)}.`);
    members.set(name, readValue(scan));
  } while (taken(scan, ','));
  if (!taken(scan, '}')) throw faultAt(scan, `expected a comma or }, found ${next(scan)}.`);
  return members;
}

function readArray(scan: Scan): JsonValue[] {
  const items: JsonValue[] = [];
  if (taken(scan, ']')) return items;
  do items.push(readValue(scan));
  while (taken(scan, ','));
  if (!taken(scan, ']')) throw faultAt(scan, `expected a comma or ], found ${next(scan)}.`);
  return items;
}

/** Finds the closing quote; the escapes within are JSON.parse's. */
function readString(scan: Scan): string {
  const start = scan.at;
  let end = start + 1;
  while (end < scan.text.length && scan.text[end] !== '"') end += scan.text[end] === '\\' ? 2 : 1;
  if (end >= scan.text.length) throw faultAt(scan, 'a string begins here and does not end.');
  scan.at = end + 1;
  const value = unescaped(scan.text.slice(start, scan.at));
  if (value === undefined) {
    throw faultAt({ ...scan, at: start }, 'this string holds a bad escape, a control character or half a character.');
  }
  return value;
}

function unescaped(literal: string): string | undefined {
  try {
    const value = JSON.parse(literal) as string;
    return value.isWellFormed() ? value : undefined;
  } catch {
    return undefined;
  }
}

function readNumber(scan: Scan): number {
  NUMBER.lastIndex = scan.at;
  const literal = NUMBER.exec(scan.text)?.[0];
  if (literal === undefined) throw faultAt(scan, `expected a value, found ${next(scan)}.`);
  const value = Number(literal);
  if (!Number.isFinite(value)) throw faultAt(scan, `the number ${shown(literal)} is too large.`);
  // 12345678901234567890 would become another number, and 1.0 another text.
  if (String(value) !== literal)
    throw faultAt(scan, `the number ${shown(literal)} must stand in quotes to be kept as it is.`);
  scan.at += literal.length;
  return value;
}

function taken(scan: Scan, mark: string): boolean {
  skipBlanks(scan);
  if (scan.text[scan.at] !== mark) return false;
  scan.at += 1;
  return true;
}

function skipBlanks(scan: Scan): void {
  while (' \t\n\r'.includes(scan.text[scan.at] ?? 'end')) scan.at += 1;
}

function next({ text, at }: Scan): string {
  const point = text.codePointAt(at);
  return point === undefined ? 'the end of the document' : shown(String.fromCodePoint(point));
}

function faultAt({ text, at }: Scan, what: string): PolicyFault {
  const before = text.slice(0, at).split('\n');
  return new PolicyFault(`Line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`, what);
}
