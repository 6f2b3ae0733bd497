/** What one connection takes over all rounds of an arm, with the interval of that, and how straight the lines were. */

import type { Trial } from '../core/result.ts';
import { mean, tInterval } from '../core/stats.ts';
import type { Bytes } from './metrics/rest.ts';
import { memoryFit } from './metrics/rest.ts';

export interface MemoryCost {
  /** Bytes per connection: the mean of the rounds, which is what the interval is of. */
  readonly value: number;
  /** 95 % interval: over the rounds, or of the one line where there is one. */
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
  /** How far a point lies off its line at most, of what the memory grew by along it. */
  readonly off: number;
}

/** @returns undefined where it was not measured */
export function memoryCost(trials: readonly Trial[], bytes: Bytes): MemoryCost | undefined {
  const fits = trials.flatMap((trial) => {
    const fit = memoryFit(trial, bytes);
    return fit === undefined ? [] : [{ trial, fit }];
  });
  const slopes = fits.map(({ fit }) => fit.slope);
  const value = mean(slopes);
  const [first] = fits;
  if (value === undefined || first === undefined) return undefined;
  const { low, high } = tInterval(slopes, 0.95) ?? first.fit;
  const off = fits.map(({ trial, fit }) => {
    const counts = (trial.rest?.memory ?? []).map(({ connections }) => connections);
    const grown = Math.abs(fit.slope) * (Math.max(...counts) - Math.min(...counts));
    return Math.max(...fit.residuals.map(Math.abs)) / grown;
  });
  return { value, low, high, rounds: fits.length, off: Math.max(...off) };
}
