import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { isPublicAddress } from './public-addresses.ts';

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address?: string | LookupAddress[],
  family?: number,
) => void;
export type Lookup = (hostname: string, options: LookupOptions, callback: LookupCallback) => void;

/** The target's address is not one that an organization may have us call. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
  readonly code = 'address_refused';

  constructor() {
    super('the address is not public');
  }
}

export interface TargetOptions {
  readonly timeout_milliseconds: number;
  readonly connections_max: number;
  readonly allow_private_targets: boolean;
  /** How names become addresses; the system's resolver unless told otherwise. */
  readonly lookup?: Lookup;
}

/**
 * Connections to webhook targets. The address is looked at where it is used: a name is resolved once for each connection, the addresses found are
 * checked, and only those are connected to. A name that resolves differently the next time (DNS rebinding) is checked again with the next
 * connection, and an address written into the URL, in whatever notation, is checked as such.
 */
export function connectToTargets(options: TargetOptions): Agent {
  const { timeout_milliseconds, connections_max, allow_private_targets, lookup = systemLookup as Lookup } = options;
  const connector = buildConnector({
    timeout: timeout_milliseconds,
    lookup: allow_private_targets ? lookup : onlyPublic(lookup),
  } as buildConnector.BuildOptions);

  const connect: buildConnector.connector = (target, callback) => {
    // Node does not look up what is an address already.
    if (!allow_private_targets && isIP(bare(target.hostname)) !== 0 && !isPublicAddress(bare(target.hostname))) {
      callback(new AddressRefused(), null);
      return;
    }
    connector(target, (error, socket) => {
      if (error) return callback(error, null);
      if (allow_private_targets || isPublicAddress(socket.remoteAddress ?? '')) return callback(null, socket);
      socket.destroy();
      callback(new AddressRefused(), null);
    });
  };

  return new Agent({
    connect,
    connections: connections_max,
    pipelining: 1,
    // Another message follows at once, or not for a while. A receiver that closes an idle connection just then would cost an attempt.
    keepAliveTimeout: 1000,
    keepAliveMaxTimeout: 1000,
    headersTimeout: timeout_milliseconds,
    bodyTimeout: timeout_milliseconds,
  });
}

function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** Leaves the public ones of a name's addresses. */
export function onlyPublic(lookup: Lookup): Lookup {
  return (hostname, options, callback) =>
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error);
      const found = (addresses as LookupAddress[]).filter(({ address }) => isPublicAddress(address));
      const [first] = found;
      if (!first) callback(new AddressRefused());
      else if (options.all) callback(null, found);
      else callback(null, first.address, first.family);
    });
}
