/**
 * Ports for those who have to know theirs before they listen, or who will want the same one again: after a
 * restart, after a time in which nobody was let in. Taken from outside of the range that the kernel gives to
 * outgoing connections, any of which could take a port of that range as soon as it is free: one of somebody
 * else's, or one of a client that tries to come back, which then finds itself.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';

/** Below this, and above what needs root, services are registered that are in use somewhere. */
const FIRST = 10_000;
const LAST = 65_535;
/** A range with fewer is as good as none: programs beside each other are to find different ones. */
const FEWEST = 1_000;
/** Ports that are tried; the last may be any that the kernel likes. */
const MOST_TRIES = 20;
const MOST_RACES = 5;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What outgoing connections of this machine come from. */
export function outgoingPorts(): PortRange {
  try {
    const text = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1');
    const [first = 32_768, last = 60_999] = text.trim().split(/\s+/).map(Number);
    return { first, last };
  } catch {
    // The range IANA gives to dynamic ports, which macOS and the BSDs use.
    return { first: 49_152, last: 65_535 };
  }
}

/** The larger of what is below and above `outgoing`; undefined where there is not enough of either. */
export function lastingPorts(outgoing: PortRange): PortRange | undefined {
  const below = { first: FIRST, last: Math.min(LAST, outgoing.first - 1) };
  const above = { first: Math.max(FIRST, outgoing.last + 1), last: LAST };
  const size = ({ first, last }: PortRange): number => last - first + 1;
  const larger = size(below) >= size(above) ? below : above;
  return size(larger) < FEWEST ? undefined : larger;
}

/**
 * One that nobody listens on now, at any of the hosts.
 * @param wanted 0: any
 * @throws Error of the system, where it is taken or there is none
 */
export async function freePort(hosts: readonly string[], wanted = 0): Promise<number> {
  const range = lastingPorts(outgoingPorts());
  for (let attempt = 1; ; attempt += 1) {
    const isLast = wanted !== 0 || range === undefined || attempt === MOST_TRIES;
    try {
      return await tryPort(hosts, isLast ? wanted : anyOf(range));
    } catch (error) {
      if (isLast) throw error;
    }
  }
}

/**
 * Opens something on a free port, and on another one where somebody was faster.
 * @param wanted 0: any; else this one or none
 */
export async function onFreePort<T>(
  hosts: readonly string[],
  wanted: number,
  open: (port: number) => Promise<T>,
): Promise<T> {
  if (wanted !== 0) return await open(wanted);
  for (let race = 1; ; race += 1) {
    try {
      return await open(await freePort(hosts));
    } catch (error) {
      const lost = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!lost || race === MOST_RACES) throw error;
    }
  }
}

function anyOf({ first, last }: PortRange): number {
  return first + Math.floor(Math.random() * (last - first + 1));
}

/**
 * Elsewhere than on Linux a port can be had at one address although somebody listens at all of them, and his
 * clients on this machine would then come here.
 */
const ALSO = process.platform === 'linux' ? [] : ['0.0.0.0'];

/** @param port 0: any that the first host has, which the others are to have too */
async function tryPort(hosts: readonly string[], port: number): Promise<number> {
  let found = port;
  for (const host of [...hosts, ...ALSO]) {
    const server = createServer();
    server.listen({ host, port: found, exclusive: true });
    await once(server, 'listening');
    found = (server.address() as AddressInfo).port;
    server.close();
    await once(server, 'close');
  }
  return found;
}
