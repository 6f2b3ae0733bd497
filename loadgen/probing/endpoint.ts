/** Where a probe connects and what it says there; nothing of it is a secret that may be printed. */
import type { StreamKind } from '../../core/records/probe.ts';

export interface ProbeEndpoint {
  /** http: or https:, for both transports; ws: and wss: are the same addresses. */
  readonly url: URL;
  readonly transport: StreamKind;
  /** Beside those of the protocol, or in their place. */
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocol?: string | undefined;
  readonly userAgent: string;
  /** Whether certificates that nobody vouches for are taken. */
  readonly insecure: boolean;
  /** PEM of an authority to trust beside the usual ones. */
  readonly ca?: string | undefined;
  /** How long connecting, TLS and the head may take, each, ms. */
  readonly timeoutMs: number;
}

/** The port that is meant where none is written. */
export function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return isSecure(url) ? 443 : 80;
}

export const isSecure = ({ protocol }: URL): boolean =>
  protocol === 'https:' || protocol === 'wss:';

/** Without the brackets that URLs put around IPv6. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** Headers of a request: those given take the place of ours, however they are spelt. */
export function headersOf(
  { headers, userAgent }: ProbeEndpoint,
  ours: Readonly<Record<string, string>>,
): Record<string, string> {
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const kept = Object.entries({ 'User-Agent': userAgent, ...ours }).filter(
    ([name]) => !given.has(name.toLowerCase()),
  );
  return { ...Object.fromEntries(kept), ...headers };
}
