import type { IncomingMessage } from 'node:http';
import type { Circumstances } from '../core/authorisation.ts';

/** What is known of whoever sent a request, beside its signature. */
export function circumstancesOf({ socket, headers }: IncomingMessage): Circumstances {
  const { remoteAddress } = socket;
  const { 'user-agent': userAgent, referer } = headers;
  return {
    secureTransport: false,
    ...(remoteAddress === undefined ? {} : { sourceIp: remoteAddress }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(referer === undefined ? {} : { referer }),
  };
}
