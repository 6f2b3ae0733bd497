/** That simulated quotes can be replayed, and look like quotes after however long. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { Quote } from '../../servers/quotes.ts';
import { createQuotes } from '../../servers/quotes.ts';

const make = (count: number, seed = 1, symbols = ['ALFA', 'BRAV', 'CHAR']): Quote[] => {
  let now = 0;
  const quotes = createQuotes(symbols, createRandom(seed), () => {
    now += 1;
    return now;
  });
  return Array.from({ length: count }, () => quotes.next());
};

describe('quotes', () => {
  test('are the same for the same seed, and others for another', () => {
    expect(make(100)).toEqual(make(100));
    expect(make(100)).not.toEqual(make(100, 2));
  });

  test('begin like this with seed 1', () => {
    expect(make(4)).toEqual([
      { symbol: 'ALFA', price: 396.03, change: -0.47, at: 1 },
      { symbol: 'BRAV', price: 414.8, change: 0.19, at: 2 },
      { symbol: 'CHAR', price: 59.13, change: 0.19, at: 3 },
      { symbol: 'ALFA', price: 396.18, change: 0.15, at: 4 },
    ]);
  });

  test('take turns among the symbols', () => {
    expect(make(5).map(({ symbol }) => symbol)).toEqual(['ALFA', 'BRAV', 'CHAR', 'ALFA', 'BRAV']);
  });

  test('have a change that leads from each price to the next', () => {
    const quotes = make(3_000, 3, ['ALFA']);
    const wrong = quotes.filter(({ price, change }, index) => {
      const before = quotes[index - 1]?.price;
      return before !== undefined && Math.round(before * 100 + change * 100) !== price * 100;
    });
    expect(wrong).toEqual([]);
    expect(new Set(quotes.map(({ change }) => Math.sign(change)))).toEqual(new Set([-1, 0, 1]));
  });

  test('have two decimals, also in JSON', () => {
    const long = make(3_000).filter(
      ({ price, change }) =>
        !/^\d+(\.\d\d?)?$/.test(JSON.stringify(price)) ||
        !/^-?\d+(\.\d\d?)?$/.test(JSON.stringify(change)),
    );
    expect(long).toEqual([]);
  });

  test('stay near where they began, though they wander', () => {
    const prices = make(300_000, 5, ['ALFA']).map(({ price }) => price);
    const [first = 0] = prices;
    const least = prices.reduce((a, b) => Math.min(a, b));
    const most = prices.reduce((a, b) => Math.max(a, b));
    // A standard deviation of 6.3 %; six of them are not seen in 300,000 steps.
    expect(least / first).toBeGreaterThan(0.68);
    expect(most / first).toBeLessThan(1.47);
    expect(new Set(prices).size).toBeGreaterThan(1_000);
  });

  test('are not made of nothing', () => {
    expect(() => createQuotes([], createRandom(1)).next()).toThrow(
      new RangeError('quotes need one symbol at least'),
    );
  });
});
