import { SCAN_BYTES } from './scanner.ts';
import type { Sieve } from './sieve.ts';
import { sieveFor } from './vector-sieve.ts';
import { WINDOW_BYTES } from './window.ts';

/** One that no scanner has any more. Making one, and its memory, takes longer than reading a small archive. */
let spare: Sieve | undefined;

/** A sieve for a scanner, which may have been another's. */
export function takeSieve(): Sieve {
  const sieve = spare ?? sieveFor({ sizeBytes: SCAN_BYTES, searchedBytes: WINDOW_BYTES });
  spare = undefined;
  return sieve;
}

/** Whoever gives one must not look at it again. */
export function giveSieve(sieve: Sieve): void {
  spare = sieve;
}
