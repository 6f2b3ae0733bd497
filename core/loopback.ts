/**
 * Addresses of loopback, of which Linux has all of 127.0.0.0/8: to each port of each of them there can be as
 * many connections from one address as there are ports for outgoing ones, some 28,000.
 */

/** More would be more than any machine has memory for. */
const MOST_ADDRESSES = 200;
const FIRST = '127.0.0.1';

/** Those that a server can listen at: 127.0.0.1 and on; elsewhere than on Linux that one only. */
export function mostLoopbackAddresses(platform: NodeJS.Platform): number {
  return platform === 'linux' ? MOST_ADDRESSES : 1;
}

/** @param index from 0 */
export function loopbackAddress(index: number): string {
  return `127.0.0.${1 + index}`;
}

/** The host, and the addresses behind it where it is the first one of loopback and there are to be more. */
export function addressesFrom(host: string, count = 1): readonly string[] {
  const further = Array.from({ length: count - 1 }, (_, index) => loopbackAddress(index + 1));
  return [host, ...further];
}

/** @throws RangeError where there cannot be so many */
export function checkAddresses({
  host,
  addresses = 1,
}: {
  readonly host: string;
  readonly addresses?: number | undefined;
}): void {
  if (addresses === 1) return;
  if (!Number.isInteger(addresses) || addresses < 1 || addresses > MOST_ADDRESSES)
    throw new RangeError(`addresses is ${addresses}; it has to be from 1 to ${MOST_ADDRESSES}`);
  if (host !== FIRST) throw new RangeError(`only ${FIRST} has addresses behind it, not ${host}`);
}
