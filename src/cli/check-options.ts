import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../config/durations.ts';
import { parseSize } from '../config/sizes.ts';
import type { Subset } from '../model/subset.ts';

const SHARE = /^(\d{1,3}(?:\.\d{1,6})?)%$/;
const PART = /^(\d{1,6})\/(\d{1,6})$/;

/** Reads `5%`, `3/12` or `50GiB`; undefined when the text is none of these. `50G` is 50GiB, as other programs have it. */
export function parseSubset(text: string): Subset | undefined {
  const [, percent] = SHARE.exec(text) ?? [];
  if (percent !== undefined) {
    return Number(percent) > 0 && Number(percent) <= 100 ? { kind: 'share', percent: Number(percent) } : undefined;
  }
  const [, part, of] = PART.exec(text) ?? [];
  if (part !== undefined && of !== undefined) {
    const numbers = { part: Number(part), of: Number(of) };
    return numbers.part >= 1 && numbers.part <= numbers.of ? { kind: 'part', ...numbers } : undefined;
  }
  const bytes = parseSize(text.replace(/^([\d.]+)([KMGT])$/, '$1$2iB'));
  return bytes === undefined || bytes === 0 ? undefined : { kind: 'size', bytes };
}

export const subsetOption = (): Option =>
  new Option(
    '--subset <part>',
    'with --read-data: a part of the archives, 3/12, or those not verified for longest, 5% or 50G of them',
  ).argParser((text: string): Subset => {
    const subset = parseSubset(text);
    if (subset === undefined) throw new InvalidArgumentError('It must be like 5%, 3/12 or 50G.');
    return subset;
  });

export const maxDurationOption = (): Option =>
  new Option(
    '--max-duration <duration>',
    'with --read-data: stop reading after so long, and say how far it came',
  ).argParser((text: string): number => {
    const durationMs = parseDuration(text);
    if (durationMs === undefined || durationMs === 0) throw new InvalidArgumentError('It must be like 90s, 30m or 8h.');
    return durationMs;
  });
