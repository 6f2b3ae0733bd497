import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { createOrder } from '../../loadgen/order.ts';

const arms = ['sse', 'ws', 'raw', 'sse-prepared'];

describe('the order of the arms', () => {
  test('puts every arm before every other equally often within a pair of rounds', () => {
    const next = createOrder(arms, createRandom(1));
    for (let pair = 0; pair < 50; pair += 1) {
      const rounds = [next(), next()];
      for (const one of arms) {
        for (const other of arms.filter((arm) => arm !== one)) {
          const before = rounds.filter((round) => round.indexOf(one) < round.indexOf(other)).length;
          expect(before, `${one} before ${other}`).toBe(1);
        }
      }
    }
  });

  test('has every arm once in every round', () => {
    const next = createOrder(arms, createRandom(2));
    for (let round = 0; round < 10; round += 1)
      expect([...next()].sort()).toEqual([...arms].sort());
  });

  test('is the same for the same seed and differs from pair to pair', () => {
    const rounds = (seed: number) => {
      const next = createOrder(arms, createRandom(seed));
      return Array.from({ length: 20 }, () => next().join(' '));
    };
    expect(rounds(3)).toEqual(rounds(3));
    expect(new Set(rounds(3)).size).toBeGreaterThan(4);
  });

  test('of one arm is that arm', () => {
    const next = createOrder(['sse'], createRandom(4));
    expect([next(), next(), next()]).toEqual([['sse'], ['sse'], ['sse']]);
  });
});
