/** The states of a push client as an application sees them, and why it gives up. */
import type { LinkEnd, Protocol } from './link.ts';

/** Why one attempt came to nothing, or a connection was lost. */
export type Failure = LinkEnd & { readonly transport: Protocol };

export type ClientState =
  | { readonly is: 'connecting'; readonly transport: Protocol }
  | {
      readonly is: 'open';
      readonly transport: Protocol;
      /** The identity, and the right to speak for it. */
      readonly session: string;
      /** Whether the server still knew us. */
      readonly resumed: boolean;
    }
  /** `causes`: what came of each protocol that was tried, or how the connection was lost. */
  | { readonly is: 'waiting'; readonly ms: number; readonly causes: readonly Failure[] }
  /** `causes` is empty where it was we who closed. */
  | { readonly is: 'closed'; readonly causes: readonly Failure[] };

/**
 * Whether asking again would be answered the same.
 * @param causes what came of each protocol
 */
export function isFinal(causes: readonly Failure[]): boolean {
  if (causes.some(({ kind }) => kind === 'unreachable')) return false;
  const statuses = causes.map((one) => (one.kind === 'refused' ? one.status : undefined));
  if (statuses.some((status) => status !== undefined && mayPass(status))) return false;
  // Who we are is the same on every protocol, so one that says no speaks for one that said nothing.
  const unwanted = statuses.some((status) => status === 401 || status === 403);
  return unwanted || statuses.every((status) => status !== undefined);
}

/** Whether a status is about this moment rather than about the request. */
function mayPass(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
