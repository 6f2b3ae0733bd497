/** Rooms that the server itself publishes to: the time, and simulated quotes. */
import { createRandom } from '../core/random.ts';
import type { Hub } from './hub.ts';
import { createQuotes } from './quotes.ts';

const CLOCK_MS = 1_000;
const QUOTES_MS = 200;
const SYMBOLS = ['ALFA', 'BRAV', 'CHAR', 'DELT', 'ECHO', 'FOXT', 'GOLF', 'HOTE'];

/** Names of the feeds, which are rooms and paths at the same time. */
export const feedNames = ['clock', 'ticker'] as const;

/** Publishes only while somebody listens. @returns stops it */
export function startFeeds(hub: Hub, seed: number): { close(): void } {
  const quotes = createQuotes(SYMBOLS, createRandom(seed));
  const listened = (room: string): boolean => (hub.rooms.find(room)?.sessions.size ?? 0) > 0;
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  const timers = [
    setInterval(() => {
      if (!listened('clock')) return;
      const data = json({ now: new Date().toISOString() });
      hub.publish({ room: 'clock', event: 'time', data, kind: 'json' });
    }, CLOCK_MS),
    setInterval(() => {
      if (!listened('ticker')) return;
      const quote = quotes.next();
      hub.publish({
        room: 'ticker',
        event: 'quote',
        key: quote.symbol,
        data: json(quote),
        kind: 'json',
      });
    }, QUOTES_MS),
  ];
  for (const timer of timers) timer.unref();
  return {
    close() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
