import { GIB, KIB, MIB } from '../model/limits.ts';

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  KiB: KIB,
  MiB: MIB,
  GiB: GIB,
  TiB: 1024 * GIB,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};
const SIZE = /^(\d{1,16})(?:\.(\d{1,9}))?([A-Za-z]*)$/;

/**
 * Reads a number of bytes (`5000`), or one number and one unit (`10GiB`, `1.5MB`); units are spelt exactly, because `b` and
 * `B` are not the same. Returns bytes, or undefined when the text is no size, no whole number of bytes, or too large for
 * a number to be exact.
 */
export function parseSize(text: string): number | undefined {
  const [, whole, fraction = '', unit = ''] = SIZE.exec(text) ?? [];
  const unitBytes = Object.hasOwn(UNIT_BYTES, unit) ? UNIT_BYTES[unit] : undefined;
  if (whole === undefined || unitBytes === undefined) return undefined;
  const scaled = BigInt(`${whole}${fraction}`) * BigInt(unitBytes);
  const scale = 10n ** BigInt(fraction.length);
  const sizeBytes = Number(scaled / scale);
  return scaled % scale === 0n && Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined;
}
