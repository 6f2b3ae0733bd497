/**
 * Straight lines through measurements, with an honest interval of their slope: over independent points,
 * and over a series in time whose neighbours resemble each other. Pure; a fit of too few values is
 * `undefined`.
 */
import { mean, studentQuantile } from './stats.ts';

export interface FitPoint {
  readonly x: number;
  readonly y: number;
}

export interface LineFit {
  readonly slope: number;
  /** Interval of the slope. */
  readonly low: number;
  readonly high: number;
  readonly intercept: number;
  /** What each point lies above its line, in the order given; of a long series, each of its blocks. */
  readonly residuals: readonly number[];
  /** Of the slope: how far it is off by, and the degrees of freedom of t that this is known with. */
  readonly error: number;
  readonly degrees: number;
}

const CONFIDENCE = 0.95;

interface LeastSquares {
  readonly slope: number;
  readonly intercept: number;
  readonly residuals: readonly number[];
  /** Of every x, its distance from their mean; and the sum of the squares of that. */
  readonly distances: readonly number[];
  readonly spread: number;
}

/** https://en.wikipedia.org/wiki/Simple_linear_regression */
function leastSquares(points: readonly FitPoint[]): LeastSquares | undefined {
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  if (meanX === undefined || meanY === undefined) return undefined;
  const distances = points.map(({ x }) => x - meanX);
  const spread = distances.reduce((sum, one) => sum + one * one, 0);
  if (spread === 0) return undefined;
  const common = points.reduce((sum, { y }, i) => sum + (distances[i] ?? 0) * (y - meanY), 0);
  const slope = common / spread;
  const intercept = meanY - slope * meanX;
  const residuals = points.map(({ x, y }) => y - (intercept + slope * x));
  return { slope, intercept, residuals, distances, spread };
}

/**
 * Least squares over points that are independent of each other, with Student's t interval of the slope on
 * n − 2 degrees of freedom; needs three points, of which two differ in x.
 * https://en.wikipedia.org/wiki/Simple_linear_regression#Confidence_intervals
 */
export function fitLine(points: readonly FitPoint[]): LineFit | undefined {
  const fit = leastSquares(points);
  if (fit === undefined || points.length < 3) return undefined;
  const { slope, intercept, residuals, spread } = fit;
  const degrees = points.length - 2;
  const squares = residuals.reduce((sum, one) => sum + one * one, 0);
  const error = Math.sqrt(squares / degrees / spread);
  return { slope, intercept, residuals, error, degrees, ...around(slope, error, degrees) };
}

function around(slope: number, error: number, degrees: number): { low: number; high: number } {
  const half = studentQuantile((1 + CONFIDENCE) / 2, degrees) * error;
  return { low: slope - half, high: slope + half };
}

/** A slope over fewer values in time says more about chance than about time. */
const SHORTEST_SERIES = 10;
/**
 * A longer series is made of so many means of neighbours at most. Its slow waves, which alone decide on the
 * interval, are in them as well; and the work grows as n^2⅓, which is minutes for a day of seconds.
 */
const MOST_BLOCKS = 1_200;

/**
 * Least squares over values in time, evenly spaced, with an interval that holds although neighbours
 * resemble each other: how much slow movement there is beside the line is read from the ν = 0.4 n^⅔
 * slowest waves that a line cannot follow, each weighing the same, and t has ν degrees of freedom. Exact
 * for noise without memory; wider, and keeping better what they promise in short series, than the
 * intervals of Newey and West.
 * Lazarus, Lewis, Stock and Watson (2018), https://doi.org/10.1080/07350015.2018.1506926; waves without
 * a share of the line: Müller (2014), https://doi.org/10.1080/07350015.2014.931238
 */
export function fitSeries(series: readonly FitPoint[]): LineFit | undefined {
  const points = blocksOf(series);
  const count = points.length;
  const fit = leastSquares(points);
  if (fit === undefined || count < SHORTEST_SERIES) return undefined;
  const { slope, intercept, residuals, distances, spread } = fit;
  const waves = slowWaves(distances, Math.max(2, Math.floor(0.4 * count ** (2 / 3))));
  const power = waves.reduce((sum, wave) => sum + inner(residuals, wave) ** 2, 0);
  const degrees = waves.length;
  const error = Math.sqrt(power / degrees / spread);
  return { slope, intercept, residuals, error, degrees, ...around(slope, error, degrees) };
}

/** Means of equally many neighbours; a remainder at the start belongs to none. */
function blocksOf(series: readonly FitPoint[]): readonly FitPoint[] {
  const size = Math.ceil(series.length / MOST_BLOCKS);
  if (size <= 1) return series;
  const count = Math.floor(series.length / size);
  const skipped = series.length - count * size;
  return Array.from({ length: count }, (_, index) => {
    const block = series.slice(skipped + index * size, skipped + (index + 1) * size);
    const middle = (values: readonly number[]): number => mean(values) ?? 0;
    return { x: middle(block.map(({ x }) => x)), y: middle(block.map(({ y }) => y)) };
  });
}

/** Cosines from the second half wave on, made of length 1 and at right angles to the line and each other. */
function slowWaves(line: readonly number[], howMany: number): number[][] {
  const others: (readonly number[])[] = [scaled(line)];
  const waves: number[][] = [];
  for (let half = 2; half < howMany + 2; half += 1) {
    let wave = line.map((_, i) => Math.cos((Math.PI * half * (i + 0.5)) / line.length));
    for (const other of others) {
      const common = inner(wave, other);
      wave = wave.map((value, i) => value - common * (other[i] ?? 0));
    }
    wave = scaled(wave);
    others.push(wave);
    waves.push(wave);
  }
  return waves;
}

const inner = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

const scaled = (values: readonly number[]): number[] => {
  const length = Math.sqrt(inner(values, values));
  return values.map((value) => value / length);
};
