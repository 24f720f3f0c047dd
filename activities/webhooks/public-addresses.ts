import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What may call itself unicast and is yet no one's on the internet. */
const refused = [
  // Azure's platform endpoint, reachable from every machine there under this public address.
  '168.63.129.16/32',
].map((range) => ipaddr.parseCIDR(range));

/** Only these are handed out as public addresses of version 6; the rest is embedded version 4, local or not yet assigned. */
const globalUnicast = ipaddr.parseCIDR('2000::/3');

/**
 * Whether an address belongs to the internet at large: not this machine, not its network, not a cloud's metadata service, nor a way
 * around into one of them (IPv4 inside IPv6, tunnels, translated prefixes). Anything that is not an address is refused as well.
 */
export function isPublicAddress(address: string): boolean {
  // Strict, where ipaddr.js reads `1.2.3` as well.
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed.kind() === 'ipv6' && !parsed.match(globalUnicast)) return false;
  return !refused.some((range) => range[0].kind() === parsed.kind() && parsed.match(range));
}
