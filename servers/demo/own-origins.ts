/** Which origins the demo's own page may have, so that no other page of the browser gets in. */
import { hostname, networkInterfaces } from 'node:os';

/** Hosts that mean "all addresses of this machine". */
const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** As browsers write them: the port is left out where it is that of the scheme. */
export function ownOrigins(host: string, port: number, secure: boolean): string[] {
  const scheme = secure ? 'https' : 'http';
  const suffix = port === (secure ? 443 : 80) ? '' : `:${port}`;
  const hosts = new Set(['localhost', host.toLowerCase()]);
  if (EVERYWHERE.has(host)) {
    hosts.add(hostname().toLowerCase());
    for (const addresses of Object.values(networkInterfaces())) {
      for (const { address } of addresses ?? []) hosts.add(address);
    }
  }
  return [...hosts].map((one) => `${scheme}://${bracketed(one)}${suffix}`);
}

/** Where a browser on this machine opens the page. */
export function pageAddress(host: string, port: number, secure: boolean): string {
  const reachable = EVERYWHERE.has(host) ? 'localhost' : host;
  return `${secure ? 'https' : 'http'}://${bracketed(reachable)}:${port}/`;
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
