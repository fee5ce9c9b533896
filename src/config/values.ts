import { z } from 'zod';
import { parseAddress } from './addresses.ts';
import { parseDuration } from './durations.ts';
import { KEY_BYTES, parseKey, readEncryptionKeys } from './keys.ts';
import { readRetrievalTimes } from './retrieval-times.ts';
import { readSelectOutput, type SelectOutputConfig } from './select-output.ts';
import { parseSize } from './sizes.ts';

/**
 * The kinds of value a setting can have, each read from text. A problem is a predicate that completes the sentence
 * "`--listen` ...", so that one line can say which setting it was and where the value came from.
 */
const SHOWN_LENGTH_MAX = 80;
const REGION_LENGTH_MAX = 64;
const ACCESS_KEY_ID = /^[\w-]{3,128}$/;
const SECRET_ACCESS_KEY = /^[!-~]{1,128}$/;
const PLAIN_URL = /^https?:\/\/[^\s/@\\?#]+(?:\/[^\s\\?#]*)?$/i;
const CIDR = z.union([z.cidrv4(), z.cidrv6()]);
const REGION = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

const given = z.string().min(1, 'must not be empty');

const shown = (text: string): string =>
  JSON.stringify(text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text);

/** A URL may hold a password, so only what stands before its first punctuation is repeated. */
const shownScheme = (text: string): string => shown(text.split(/[:?/@]/)[0] ?? '');

/** Text that `parse` understands; it is described by `wanted`. */
const readAs = <T>(wanted: string, parse: (text: string) => T | undefined) =>
  given.transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue(`must be ${wanted}, not ${shown(text)}`);
    return z.NEVER;
  });

/** One of a few words. */
export const oneOf = <const T extends string>(words: readonly [T, ...T[]]) =>
  given.pipe(z.enum(words, { error: ({ input }) => `must be ${words.join(' or ')}, not ${shown(String(input))}` }));

/** Where to listen. */
export const address = readAs('HOST:PORT like 127.0.0.1:7400 or [::1]:7400', parseAddress);

/** Twelve digits, kept as text because the first may be 0. */
export const accountId = given.regex(/^\d{12}$/, {
  error: ({ input }) => `must be an account id of 12 digits, not ${shown(String(input))}`,
});

/** A part of ARNs and of a signature's scope, which `:` and `/` separate; it need not be one of Amazon's. */
export const region = readAs('a region like us-east-1', parseRegion);

function parseRegion(text: string): string | undefined {
  return text.length <= REGION_LENGTH_MAX && REGION.test(text) ? text : undefined;
}

/** A file or directory, not looked at here. */
export const path = readAs('a path', (text) => (text.includes('\0') ? undefined : text));

/** What /bin/sh is given to run; not looked at here. */
export const commandLine = readAs('a command', (text) => (text.includes('\0') ? undefined : text));

/** A duration between two others, both included; all three are written alike. */
export const duration = ({ min, max }: { min: string; max: string }) =>
  readAs(`a duration like 90s or 24h, from ${min} to ${max}`, (text) => {
    const durationMs = parseDuration(text);
    if (durationMs === undefined) return undefined;
    return durationMs >= (parseDuration(min) ?? 0) && durationMs <= (parseDuration(max) ?? 0) ? durationMs : undefined;
  });

/** The same, or null for `off`. */
export const durationOrOff = ({ min, max }: { min: string; max: string }) =>
  readAs(`off or a duration like 12h or 30d, from ${min} to ${max}`, (text) => {
    if (text === 'off') return { everyMs: null };
    const everyMs = parseDuration(text);
    if (everyMs === undefined) return undefined;
    return everyMs >= (parseDuration(min) ?? 0) && everyMs <= (parseDuration(max) ?? 0) ? { everyMs } : undefined;
  });

/** A number of bytes between two others, both included; all three are written alike. */
export const size = ({ min, max }: { min: string; max: string }) =>
  readAs(`a size like 500MB or 10GiB, from ${min} to ${max}`, (text) => {
    const sizeBytes = parseSize(text);
    if (sizeBytes === undefined) return undefined;
    return sizeBytes >= (parseSize(min) ?? 0) && sizeBytes <= (parseSize(max) ?? 0) ? sizeBytes : undefined;
  });

/** A number of bytes up to another, or nothing said, for which the default stands. */
export const sizeOrDefault = ({ max }: { max: string }) =>
  readAs(`a size like 500MB or 10GiB, up to ${max}, or default`, (text) => {
    if (text === 'default') return text;
    const sizeBytes = parseSize(text);
    return sizeBytes !== undefined && sizeBytes <= (parseSize(max) ?? 0) ? sizeBytes : undefined;
  });

/** A whole number between two others, both included. */
export const wholeNumber = ({ min, max }: { min: number; max: number }) =>
  readAs(`a whole number from ${min} to ${max}`, (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined,
  );

/** Something that can be on or off, and when it is on may be told where. */
export const onOffOrPath = readAs('on, off or a path', (text) => {
  if (text === 'on' || text === 'off') return text;
  return text.includes('\0') ? undefined : { path: text };
});

const addressRange = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);

/** Networks and single addresses, separated by commas. */
export const addressRanges = readAs('addresses or networks like 10.0.0.0/8,::1', (text) => {
  const ranges = text.split(',').map((range) => range.trim());
  return ranges.every((range) => addressRange.safeParse(range).success) ? ranges : undefined;
});

/** How many of something there may be; null for any number. */
export const countOrUnlimited = readAs('a whole number up to 999999, or unlimited', (text) => {
  if (text === 'unlimited') return null;
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
});

/** Some of the retrieval times. */
export const retrievalTimes = given.transform((text, context) => {
  const reading = readRetrievalTimes(text);
  if ('times' in reading) return reading.times;
  context.addIssue(reading.problem);
  return z.NEVER;
});

/** `ready` is what this version offers; `later` says what the contract promises beside it and this version lacks. */
export const choiceWithLater = <T>({ ready, value, later }: { ready: string; value: T; later: Later }) =>
  given.transform((text, context): T => {
    if (text === ready) return value;
    context.addIssue(
      later.pattern.test(text)
        ? `asks for ${later.what}, which this version of Moraine does not have yet; use ${ready}`
        : `must be ${ready}, not ${shownScheme(text)}`,
    );
    return z.NEVER;
  });

/** A value that is known and cannot be had yet. */
export interface Later {
  pattern: RegExp;
  what: string;
}

/**
 * An http or https URL below which something is found; no slash ends it. A password in it would show in messages and logs,
 * so it may have none, and a problem with it never repeats it.
 */
export const webAddress = given.transform((text, context): string => {
  const address = parseWebAddress(text);
  if (address !== undefined) return address;
  context.addIssue('must be an http or https URL without user name, query and fragment, like https://archive.example');
  return z.NEVER;
});

function parseWebAddress(text: string): string | undefined {
  return PLAIN_URL.test(text) && URL.canParse(text) ? new URL(text).href.replace(/\/+$/, '') : undefined;
}

/** Where the results of Select jobs go. */
export const selectOutput = given.transform((text, context): SelectOutputConfig => {
  const reading = readSelectOutput(text, { webAddress: parseWebAddress, region: parseRegion });
  if ('output' in reading) return reading.output;
  context.addIssue(reading.problem);
  return z.NEVER;
});

/** Ranges of addresses in CIDR notation; `none` stands for no range at all. */
export const networks = readAs('networks like 10.0.0.0/8,fd00:1::/32 or none', (text) => {
  const ranges = text === 'none' ? [] : text.split(',');
  return ranges.every((range) => CIDR.safeParse(range).success) ? ranges : undefined;
});

/** Parts of a signature's scope are separated by `/`, so an access key id holds letters, digits, `_` and `-` only. */
export const accessKeyId = given.regex(ACCESS_KEY_ID, 'must be 3 to 128 letters, digits, "_" or "-"');

/** 32 bytes in base64 or hexadecimal. A problem with it never repeats it. */
export const secretsKey = given.transform((text, context): Buffer => {
  const key = parseKey(text);
  if (key !== undefined) return key;
  context.addIssue(`must be ${KEY_BYTES} bytes in base64 or hexadecimal`);
  return z.NEVER;
});

/** Such keys, separated by commas or line breaks. A problem with them never repeats them. */
export const encryptionKeys = given.transform((text, context): Buffer[] => {
  const reading = readEncryptionKeys(text);
  if ('keys' in reading) return reading.keys;
  context.addIssue(reading.problem);
  return z.NEVER;
});

/** A problem with it never repeats it. */
export const secretAccessKey = given.regex(SECRET_ACCESS_KEY, 'must be 1 to 128 printable characters without spaces');
