/** Keeps, for one connection, who has been silent for how long; it is told the time and asks no clock. */
import type { Silences } from '../../core/records/probe.ts';

export interface SilenceBook {
  heard(at: number): void;
  said(at: number): void;
  /** The silences going on. */
  current(at: number): Silences;
  /** The longest silences that somebody has ended while the connection lived. */
  readonly survived: Silences;
}

/**
 * A silence counts as survived when something is *heard* after it: what is said into a connection that is
 * gone shows nothing.
 *
 * ```
 * heard  ●────────────────●           server: from ● to ●, survived at the second
 * said       ○       ○                client: from ○ to ○, survived at the next ● behind it
 * ```
 * @param openedAt ms; every silence begins there
 */
export function createSilenceBook(openedAt: number): SilenceBook {
  let heardAt = openedAt;
  let saidAt = openedAt;
  /** Silences that have ended, and that nothing was heard after yet. */
  let pending: Silences = { server: 0, client: 0, both: 0 };
  let survived: Silences = { server: 0, client: 0, both: 0 };
  const current = (at: number): Silences => ({
    server: at - heardAt,
    client: at - saidAt,
    both: at - Math.max(heardAt, saidAt),
  });
  return {
    heard(at) {
      const now = current(at);
      survived = longest(survived, longest(pending, now));
      pending = { server: 0, client: 0, both: 0 };
      heardAt = at;
    },
    said(at) {
      const { client, both } = current(at);
      pending = longest(pending, { server: 0, client, both });
      saidAt = at;
    },
    current,
    get survived() {
      return survived;
    },
  };
}

export const longest = (a: Silences, b: Silences): Silences => ({
  server: Math.max(a.server, b.server),
  client: Math.max(a.client, b.client),
  both: Math.max(a.both, b.both),
});
