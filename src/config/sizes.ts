import { GIB, KIB, MIB } from '../model/limits.ts';

const UNIT_BYTES: Record<string, number> = { KiB: KIB, MiB: MIB, GiB: GIB, TiB: KIB * GIB };
const SIZE = /^(\d{1,12})(KiB|MiB|GiB|TiB)$/;

/** Reads a whole number and its unit (`64MiB`, `10GiB`); a bare number is no size, nor is `64MB`, which some read as 10^6. */
export function parseSize(text: string): number | undefined {
  const [, number, unit] = SIZE.exec(text) ?? [];
  const unitBytes = UNIT_BYTES[unit ?? ''];
  if (number === undefined || unitBytes === undefined) return undefined;
  const sizeBytes = Number(number) * unitBytes;
  return Number.isSafeInteger(sizeBytes) ? sizeBytes : undefined;
}
