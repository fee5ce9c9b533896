import type { IncomingMessage } from 'node:http';
import type { Circumstances } from '../core/authorisation.ts';
import { GlacierError } from '../model/errors.ts';
import { inRange, parseAddress, type Range } from '../policy/addresses.ts';
import type { HeaderPair } from '../sigv4/headers.ts';
import { pathSegments } from '../sigv4/path.ts';
import type { RequestHead } from './framing.ts';

/**
 * How a request arrived: from where, over TLS or not, and, behind a proxy that may say so, with the host and the path that
 * its client knew and signed. Such proxies are named in the settings; what anybody else puts into the same headers is
 * not looked at. A proxy that appends to these headers passes on what its own client made up, so of the hosts and prefixes
 * the last one counts, of the addresses the last one that is no proxy of ours, and only a chain that is TLS all the way is secure. The host may be made up freely:
 * it is only compared with what was signed.
 */
export interface Arrival {
  circumstances: Circumstances;
  /** The Host that the client sent, when a proxy says that it was another one. */
  signedHost?: string;
  /** The segments that a proxy took off the front of the path. */
  signedPrefix: readonly string[];
}

const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)*\/?$/;
const MAPPED_V4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
const PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/;

/** What is known of whoever sent a request, beside its signature. BadRequest for a prefix that is no path. */
export function arrivalOf(
  { socket }: Pick<IncomingMessage, 'socket'>,
  head: RequestHead,
  proxies: readonly Range[],
): Arrival {
  const peerIp = plain(socket.remoteAddress);
  const behindProxy = isAmong(proxies, peerIp);
  const sourceIp = behindProxy ? clientIp(head, { peerIp, proxies }) : peerIp;
  const userAgent = head.header('user-agent');
  const referer = head.header('referer');
  const host = behindProxy ? listed(head, 'x-forwarded-host').at(-1) : undefined;
  return {
    circumstances: {
      secureTransport: behindProxy && isSecure(listed(head, 'x-forwarded-proto')),
      ...(sourceIp === undefined ? {} : { sourceIp }),
      ...(userAgent === undefined ? {} : { userAgent }),
      ...(referer === undefined ? {} : { referer }),
    },
    ...(host === undefined ? {} : { signedHost: host }),
    signedPrefix: behindProxy ? prefixOf(head) : [],
  };
}

/** The request as its client signed it. */
export function asSigned(
  { signedHost, signedPrefix }: Arrival,
  { head, segments }: { head: RequestHead; segments: readonly string[] },
): { head: RequestHead; segments: readonly string[] } {
  const prefixed = signedPrefix.length === 0 ? segments : [...signedPrefix, ...segments];
  if (signedHost === undefined) return { head, segments: prefixed };
  const headers = head.headers.map(([name, value]): HeaderPair => {
    return [name, name.toLowerCase() === 'host' ? signedHost : value];
  });
  return { head: { ...head, headers }, segments: prefixed };
}

/** From the end of the chain, the first address that is not a proxy of ours; undefined when somebody wrote no address. */
function clientIp(
  head: RequestHead,
  { peerIp, proxies }: { peerIp: string | undefined; proxies: readonly Range[] },
): string | undefined {
  let nearest = peerIp;
  for (const entry of listed(head, 'x-forwarded-for').reverse()) {
    const [, v6, v4] = PORT.exec(entry) ?? [];
    const address = plain(v6 ?? v4 ?? entry);
    if (address === undefined || parseAddress(address) === undefined) return undefined;
    nearest = address;
    if (!isAmong(proxies, address)) break;
  }
  return nearest;
}

/** The members of a header that may be sent several times, and hold several values each time. */
function listed(head: RequestHead, wanted: string): string[] {
  return head.headers
    .filter(([name]) => name.toLowerCase() === wanted)
    .flatMap(([, value]) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

const isSecure = (protocols: readonly string[]): boolean =>
  protocols.length > 0 && protocols.every((protocol) => protocol.toLowerCase() === 'https');

function prefixOf(head: RequestHead): string[] {
  const prefix = listed(head, 'x-forwarded-prefix').at(-1) ?? '';
  const segments = pathSegments(prefix).filter((segment) => segment !== '');
  if (!PREFIX.test(prefix) || prefix.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new GlacierError('BadRequest', 'The X-Forwarded-Prefix is not a path.');
  }
  return segments;
}

function isAmong(ranges: readonly Range[], address: string | undefined): boolean {
  if (ranges.length === 0 || address === undefined) return false;
  const groups = parseAddress(address);
  return groups !== undefined && ranges.some((range) => inRange(groups, range));
}

/** An address as people write it: IPv4 as such, also where a socket for IPv6 reports it, and no zone. */
function plain(address: string | undefined): string | undefined {
  const [withoutZone] = address?.split('%') ?? [];
  return withoutZone?.replace(MAPPED_V4, '$1');
}
