import assert from 'node:assert/strict';
import { isPublicAddress } from '../../../activities/webhooks/public-addresses.ts';

const isPublic = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.216.34',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '198.20.0.1',
  '168.63.129.15',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80b::200e',
  '::ffff:8.8.8.8',
];

const isRefused = [
  // This machine.
  '127.0.0.1', '127.0.0.2', '127.255.255.255', '::1', '0.0.0.0', '0.1.2.3', '::', '0:0:0:0:0:0:0:1',
  // Its networks.
  '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255', 'fc00::1', 'fd12:3456:789a::1', 'fec0::1',
  // Link-local, and the metadata services of clouds.
  '169.254.0.1', '169.254.169.254', '169.254.170.2', 'fe80::1', 'fe80::1%eth0', 'fd00:ec2::254', '168.63.129.16', '192.0.0.192', '100.100.100.200',
  // Carrier-grade NAT.
  '100.64.0.1', '100.127.255.255',
  // Version 4 inside version 6: mapped, compatible, translated, 6to4, Teredo, ISATAP.
  '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:169.254.169.254', '0:0:0:0:0:ffff:c0a8:1', '::127.0.0.1', '::7f00:1', '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b:1::1', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2001:0:7f00:1::', '::5efe:10.0.0.1',
  // Multicast, broadcast, documentation, benchmarks, reserved.
  '224.0.0.1', '239.255.255.250', '255.255.255.255', 'ff02::1', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '198.18.0.1', '198.19.255.255', '192.88.99.1', '240.0.0.1', '100::1', '3fff::1', '4000::1',
  // Not addresses.
  '', 'localhost', '1.2.3', '1.2.3.4.5', '256.1.1.1', ':::', 'g::1',
]; // prettier-ignore

describe('addresses of webhook targets', () => {
  for (const address of isPublic) it(`${address} is public`, () => assert(isPublicAddress(address)));
  for (const address of isRefused) it(`${address || 'nothing'} is refused`, () => assert(!isPublicAddress(address)));
});
