import { z } from 'zod';

/** A place to listen at; `host` is a name or an address, IPv6 without its brackets. Port 0 stands for any free port. */
export interface Address {
  host: string;
  port: number;
}

const PORT_MAX = 65_535;
const ADDRESS = /^(?:\[([^\]]*)\]|([^:[\]]+)):(\d{1,5})$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const DIGITS_AND_DOTS = /^[\d.]+$/;

/** Reads `127.0.0.1:7400`, `localhost:0` or `[::1]:7400`; undefined when the text is none of these. */
export function parseAddress(text: string): Address | undefined {
  const [, ipv6, name, portText] = ADDRESS.exec(text) ?? [];
  const port = Number(portText);
  if (portText === undefined || port > PORT_MAX) return undefined;
  if (ipv6 !== undefined) return z.ipv6().safeParse(ipv6).success ? { host: ipv6, port } : undefined;
  return name !== undefined && isHost(name) ? { host: name, port } : undefined;
}

/** The reverse: `HOST:PORT`, with the brackets that an IPv6 address needs. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Digits and dots alone are meant as an address, and `10.0.0.300` must not be looked up as a name. */
function isHost(text: string): boolean {
  return DIGITS_AND_DOTS.test(text) ? z.ipv4().safeParse(text).success : HOST_NAME.test(text);
}
