/** The order of arms within rounds: seeded, and counter-balanced so that no arm profits from its place. */
import type { Random } from '../core/random.ts';

/**
 * Rounds come in pairs: a shuffled order, then the same reversed, so that within each pair every arm
 * runs as often before every other as after it.
 */
export function createOrder<T>(items: readonly T[], random: Random): () => readonly T[] {
  let reversed: readonly T[] | undefined;
  return () => {
    if (reversed !== undefined) {
      const order = reversed;
      reversed = undefined;
      return order;
    }
    const order = random.shuffle(items);
    reversed = [...order].reverse();
    return order;
  };
}
