/**
 * Simulated quotes for the room `ticker`: prices that wander like those of a quiet day. Made up, and the
 * same for the same seed; nobody's market data.
 */
import type { Random } from '../core/random.ts';

/** One quote, as it is sent. */
export interface Quote {
  readonly symbol: string;
  /** Above 0, two decimals. */
  readonly price: number;
  /** Against the quote before of the same symbol, two decimals. */
  readonly change: number;
  /** When it was made, ms since 1970. */
  readonly at: number;
}

export interface Quotes {
  /** The next quote; the symbols take turns. */
  next(): Quote;
}

/** Prices a symbol starts at. */
const LOWEST = 10;
const HIGHEST = 500;
/** Standard deviation of one step of the logarithm: two tenths of a percent. */
const STEP = 0.002;
/**
 * Share of the distance to where it began that is taken back at each step. Without it the price of a
 * server that runs for weeks would end at 0.00 or in the millions; with it, it stays within about a
 * third of where it began (an Ornstein–Uhlenbeck process, deviation STEP / √(2 · PULL) = 6 %).
 */
const PULL = 0.000_5;

/**
 * @param clock ms since 1970
 * @throws RangeError when there are no symbols
 */
export function createQuotes(
  symbols: readonly string[],
  random: Random,
  clock: () => number = Date.now,
): Quotes {
  const walks = symbols.map((symbol) => {
    const start = LOWEST + (HIGHEST - LOWEST) * random.next();
    return { symbol, start, drift: 0, cents: Math.round(start * 100) };
  });
  let turn = 0;
  return {
    next() {
      const walk = walks[turn];
      if (walk === undefined) throw new RangeError('quotes need one symbol at least');
      turn = (turn + 1) % walks.length;
      walk.drift += STEP * random.normal() - PULL * walk.drift;
      const cents = Math.round(walk.start * Math.exp(walk.drift) * 100);
      const change = cents - walk.cents;
      walk.cents = cents;
      // Whole cents until here, so that 0.1 + 0.2 is 0.3.
      return { symbol: walk.symbol, price: cents / 100, change: change / 100, at: clock() };
    },
  };
}
