import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Which addresses webhooks may be at: those of the public internet, and those of the networks that the operator names.
 * Everything else could be this machine, its neighbours or its cloud's metadata page, and whoever subscribes a webhook may
 * not make the server talk to these. The ranges are those of the IANA registries of special-purpose addresses.
 *
 * In IPv6 only 2000::/3 is public. What carries an IPv4 address inside (::ffff:0:0/96, 64:ff9b::/96, 2002::/16 and
 * Teredo) is refused whole, whatever it carries: a public receiver has no need of it.
 */
const NOT_PUBLIC_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
];
const PUBLIC_V6 = ['2000::/3'];
const NOT_PUBLIC_V6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

export interface AddressRules {
  /** Whether an address may be connected to. */
  allows(address: string): boolean;
  /** Whether an address lies in a network that the operator named. */
  isNamed(address: string): boolean;
}

/** `networks` are ranges in CIDR notation. A text that is no address is allowed nowhere. */
export function addressRules(networks: readonly string[]): AddressRules {
  const [notPublicV4, publicV6, notPublicV6] = [NOT_PUBLIC_V4, PUBLIC_V6, NOT_PUBLIC_V6].map(blockListOf);
  // Apart, because a list with both would take an IPv4 address for one of ::ffff:0:0/96.
  const namedV4 = blockListOf(networks.filter((network) => !network.includes(':')));
  const namedV6 = blockListOf(networks.filter((network) => network.includes(':')));
  const isNamed = (address: string): boolean =>
    (isIPv4(address) && namedV4.check(address, 'ipv4')) || (isIPv6(address) && namedV6.check(address, 'ipv6'));
  const isPublic = (address: string): boolean => {
    if (isIPv4(address)) return notPublicV4?.check(address, 'ipv4') === false;
    return (
      isIPv6(address) && publicV6?.check(address, 'ipv6') === true && notPublicV6?.check(address, 'ipv6') === false
    );
  };
  return { isNamed, allows: (address) => isNamed(address) || isPublic(address) };
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
