import { type LookupAddress, lookup as lookupInDns } from 'node:dns';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { type GlacierError, invalidParameter } from '../model/errors.ts';
import { limits } from '../model/limits.ts';
import type { AddressRules } from './addresses.ts';

/**
 * Where a webhook may be. Its URL is looked at when it is subscribed and again at every delivery, because names change what
 * they stand for: the connection goes to the addresses that were checked and to no others.
 */
export type Lookup = (hostName: string) => Promise<LookupAddress[]>;

/** What of a name's addresses the system says, all of them. */
export const systemLookup: Lookup = (hostName) => promisify(lookupInDns)(hostName, { all: true });

const VISIBLE_ASCII = /^[!-~]+$/;
/** As written, because a parser takes `\` for `/`, forgives a missing one, and drops an empty user name. */
const AUTHORITY = /^https?:\/\/([^/?]+)/i;
const MAIL_PORTS = ['25', '109', '110', '143', '220', '465', '587', '993', '995', '2525', '4190'];
const LOCALHOST = /^(?:.+\.)?localhost$/;

/** Reads the URL of a webhook without looking its host up. Throws GlacierError. */
export function parseWebhookUrl(text: string): URL {
  if (text.length > limits.webhookUrlLengthMax) {
    throw refused(text.slice(0, limits.suggestionLengthMax), `is longer than ${limits.webhookUrlLengthMax} characters`);
  }
  if (!VISIBLE_ASCII.test(text)) throw refused(text, 'holds characters that no URL may hold');
  const authority = AUTHORITY.exec(text)?.[1];
  if (authority === undefined || !URL.canParse(text)) throw refused(text, 'is no https or http URL');
  if (text.includes('\\')) throw refused(text, 'holds a backslash');
  if (text.includes('#')) throw refused(text, 'has a fragment');
  if (authority.includes('@')) throw refused('', 'holds a user name or a password');
  const url = new URL(text);
  if (url.port === '0' || MAIL_PORTS.includes(url.port)) throw refused(text, `uses port ${url.port}`);
  if (LOCALHOST.test(hostOf(url).toLowerCase())) throw refused(text, 'means this machine');
  return url;
}

/**
 * The addresses of a webhook's host, all of which may be connected to; throws GlacierError if one of them may not. Without
 * TLS only networks that the operator named are good enough.
 */
export async function checkedAddresses(
  url: URL,
  { rules, lookup }: { rules: AddressRules; lookup: Lookup },
): Promise<LookupAddress[]> {
  const addresses = await addressesOf(url, lookup);
  const allows = url.protocol === 'https:' ? rules.allows : rules.isNamed;
  const bad = addresses.find(({ address }) => !allows(address));
  if (bad === undefined) return addresses;
  const problem = rules.allows(bad.address) ? 'needs https, because it' : 'is refused: it';
  throw refused(url.host, `${problem} leads to ${bad.address}, which is in no network of --webhook-networks`);
}

async function addressesOf(url: URL, lookup: Lookup): Promise<LookupAddress[]> {
  const host = hostOf(url);
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family }];
  const addresses = await lookup(host).catch((cause: NodeJS.ErrnoException) => {
    throw refused(url.host, `names a host that cannot be looked up (${cause.code ?? cause.message})`);
  });
  if (addresses.length === 0) throw refused(url.host, 'names a host without an address');
  return addresses;
}

/** The name or the address, without brackets and without the dot that ends a full name. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');

const refused = (text: string, problem: string): GlacierError =>
  invalidParameter(text === '' ? `The URL of the webhook ${problem}.` : `The URL of the webhook ${problem}: ${text}`);
