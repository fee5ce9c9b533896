/**
 * IP addresses and CIDR ranges. An address is eight groups of 16 bits; IPv4 lives in the mapped range ::ffff:0:0/96, as
 * sockets report it, but never falls into a range of IPv6 that is wider than that.
 */
export interface Range {
  groups: readonly number[];
  bits: number;
}

const GROUPS = 8;
const GROUP_BITS = 16;
const ADDRESS_BITS = GROUPS * GROUP_BITS;
const MAPPED_BITS = 96;
const MAPPED = [0, 0, 0, 0, 0, 0xffff];
const HEX_GROUP = /^[0-9a-fA-F]{1,4}$/;
const OCTET = /^(?:0|[1-9]\d{0,2})$/;
const PREFIX = /^(?:0|[1-9]\d{0,2})$/;

/** The groups of an address; a zone (`%eth0`) is left out. Undefined when it is none. */
export function parseAddress(text: string): readonly number[] | undefined {
  const zone = text.indexOf('%');
  const plain = zone > 0 && text.includes(':') ? text.slice(0, zone) : text;
  return plain.includes(':') ? parseV6(plain) : mapped(plain);
}

/** A range such as 203.0.113.0/24 or 2001:db8::/32; an address alone is a range of one. Undefined when it is none. */
export function parseRange(text: string): Range | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const groups = address.includes('%') ? undefined : parseAddress(address);
  if (groups === undefined) return undefined;
  if (slash < 0) return { groups, bits: ADDRESS_BITS };
  const prefix = text.slice(slash + 1);
  const bits = (address.includes(':') ? 0 : MAPPED_BITS) + Number(prefix);
  return PREFIX.test(prefix) && bits <= ADDRESS_BITS ? { groups, bits } : undefined;
}

export function inRange(address: readonly number[], { groups, bits }: Range): boolean {
  if (bits < MAPPED_BITS && isMapped(address)) return false;
  for (let index = 0; index < GROUPS; index += 1) {
    const left = bits - index * GROUP_BITS;
    if (left <= 0) return true;
    const mask = left >= GROUP_BITS ? 0xffff : (0xffff << (GROUP_BITS - left)) & 0xffff;
    if ((((address[index] ?? 0) ^ (groups[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

const isMapped = (groups: readonly number[]): boolean => MAPPED.every((group, index) => groups[index] === group);

function mapped(text: string): number[] | undefined {
  const low = parseV4(text);
  return low && [...MAPPED, ...low];
}

function parseV4(text: string): [number, number] | undefined {
  const octets = text.split('.');
  if (octets.length !== 4 || !octets.every((octet) => OCTET.test(octet) && Number(octet) < 256)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = octets.map(Number);
  return [a * 256 + b, c * 256 + d];
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === GROUPS ? head : undefined;
  if (tail === undefined || head.length + tail.length >= GROUPS) return undefined;
  return [...head, ...Array<number>(GROUPS - head.length - tail.length).fill(0), ...tail];
}

/** Only the end of an address may be written as IPv4. */
function groupsOf(half: string, atEnd: boolean): number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  const words = half.split(':');
  for (const [index, word] of words.entries()) {
    const low = atEnd && index === words.length - 1 && word.includes('.') ? parseV4(word) : undefined;
    if (low !== undefined) groups.push(...low);
    else if (HEX_GROUP.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}
