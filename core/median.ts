/** The middle of values, and any other quantile of them. Apart from core/stats.ts, whose library many do not need. */

/**
 * Quantile of values already sorted ascending, interpolated between the two nearest (type 7 of
 * Hyndman and Fan, the default of R and NumPy). `fraction` is 0 to 1.
 * https://en.wikipedia.org/wiki/Quantile#Estimating_quantiles_from_a_sample
 */
export function quantileOfSorted(sorted: ArrayLike<number>, fraction: number): number | undefined {
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`not a fraction: ${fraction}`);
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return undefined;
  return below + (above - below) * (position - Math.floor(position));
}

/** Middle value, or the mean of the middle two. https://en.wikipedia.org/wiki/Median */
export function median(values: readonly number[]): number | undefined {
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}
