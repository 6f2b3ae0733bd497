/**
 * Who may ask the viewer for something: the browser on this machine, from the viewer's own page. Other
 * pages of the same browser may not, whatever name they gave to 127.0.0.1.
 */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/** Names by which this machine calls itself; any other in `Host` is a name that was bent to point here. */
export function ownHosts(port: number): string[] {
  return [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
}

/**
 * Why a request is refused; undefined where it is not. A request of a browser that was told to come by
 * another page says so in `Sec-Fetch-Site`, and in `Origin` where it could change something. Opening a
 * page in a tab of its own is let through: nothing is changed by it, and the page that led here cannot
 * read what is shown.
 */
export function refusal({ method, headers }: Asked, port: number): string | undefined {
  const hosts = ownHosts(port);
  const { host, origin } = headers;
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return `The viewer answers to ${hosts[0]} only, not to '${host ?? ''}'.`;
  }
  if (origin !== undefined && origin !== `http://${host.toLowerCase()}`) {
    return `Pages of ${origin} may not ask the viewer.`;
  }
  const site = headers['sec-fetch-site'];
  const opened = method === 'GET' && headers['sec-fetch-mode'] === 'navigate';
  const inTab = opened && headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !inTab) {
    return 'Other pages may not ask the viewer.';
  }
  return undefined;
}

/** What changes something needs more: an origin that is there, and the token that only our page was given. */
export function refusalOfChange({ headers }: Asked, token: string): string | undefined {
  if (headers.origin === undefined) return 'A change has to come from the page of the viewer.';
  if (headers['content-type'] !== 'application/json') return 'A change has to be sent as JSON.';
  const shown = headers['x-pushbench-token'];
  if (typeof shown !== 'string' || !isEqual(shown, token)) {
    return 'The viewer was started anew since this page was loaded: load it again.';
  }
  return undefined;
}

function isEqual(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}
