/**
 * Addresses of loopback, of which Linux has all of 127.0.0.0/8: to each port of each of them there can be as
 * many connections from one address as there are ports for outgoing ones, some 28,000.
 */

/** More would be more than any machine has memory for. */
const MOST_ADDRESSES = 200;

/** Those that a server can listen at: 127.0.0.1 and on; elsewhere than on Linux that one only. */
export function mostLoopbackAddresses(platform: NodeJS.Platform): number {
  return platform === 'linux' ? MOST_ADDRESSES : 1;
}

/** @param index from 0 */
export function loopbackAddress(index: number): string {
  return `127.0.0.${1 + index}`;
}

/** '127.0.0.1' and those behind it; another host has only itself. */
export function addressesFrom(host: string, count = 1): readonly string[] {
  return [
    host,
    ...(host === loopbackAddress(0)
      ? Array.from({ length: count - 1 }, (_, index) => loopbackAddress(index + 1))
      : []),
  ];
}
