/**
 * The Universal Scalability Law, fitted to what a search has measured. It explains a curve in three
 * numbers and decides nothing: limits are found by trials, not by extrapolation.
 *
 *     R(N) = (1 + σ (N − 1) + κ N (N − 1)) / λ
 *
 * N is how many deliveries are under way on average, which by Little's law is throughput × mean latency;
 * λ the throughput of one, σ what queues for one thing, κ what grows with the square of N. Linear in 1/λ,
 * σ/λ and κ/λ, so it takes one least-squares solution, weighted for equal relative errors.
 * N. Gunther, Guerrilla Capacity Planning, 2007; B. Schwartz, Practical Scalability Analysis, 2015.
 */

export interface ScalabilityPoint {
  /** Per second. */
  readonly throughput: number;
  /** Mean, seconds. */
  readonly latencyS: number;
}

export interface Scalability {
  readonly lambda: number;
  readonly sigma: number;
  readonly kappa: number;
  /**
   * Share of the variance of the latency's logarithm that it explains by the throughput alone. N will not do for
   * that: it is the latency times the throughput, so the latency would explain itself.
   */
  readonly explained: number;
  /** The throughput at its peak, where it has one. */
  readonly peak: number | undefined;
}

/** Three numbers are found from points; with fewer than this there is nothing left to check them with. */
const FEWEST_POINTS = 5;
/** Points within this factor of each other in N tell nothing of the shape of the curve. */
const NARROWEST = 3;
const LEAST_EXPLAINED = 0.8;

/** @returns why there is no fit, where there is none */
export function fitScalability(
  points: readonly ScalabilityPoint[],
): Scalability | { readonly why: string } {
  const usable = points.filter(({ throughput, latencyS }) => throughput > 0 && latencyS > 0);
  if (usable.length < FEWEST_POINTS) {
    return { why: `it takes ${FEWEST_POINTS} loads that passed, and there are ${usable.length}` };
  }
  const rows = usable.map(({ throughput, latencyS }) => {
    const n = throughput * latencyS;
    return { n, latencyS, terms: [1, n - 1, n * (n - 1)] as const };
  });
  const ns = rows.map(({ n }) => n);
  if (Math.max(...ns) < NARROWEST * Math.min(...ns)) {
    return { why: 'the loads are too much alike to show the shape of a curve' };
  }
  const solution = solve(
    rows.map(({ terms, latencyS }) => terms.map((term) => term / latencyS)),
    rows.map(() => 1),
  );
  if (solution === undefined) return { why: 'the loads do not determine the three numbers' };
  const [a = 0, b = 0, c = 0] = solution;
  const [lambda, sigma, kappa] = [1 / a, b / a, c / a];
  if (!(a > 0) || sigma < 0 || sigma > 1 || kappa < 0) {
    return { why: 'the best curve is not one that the law allows' };
  }
  const peak = kappa > 0 ? throughputAt(Math.sqrt((1 - sigma) / kappa)) : undefined;
  const measured = Math.max(...usable.map(({ throughput }) => throughput));
  if (peak !== undefined && peak < measured) {
    return { why: 'the best curve has its peak below what was measured' };
  }
  const explained = explainedShare(
    usable.map(({ latencyS }) => Math.log(latencyS)),
    usable.map(({ throughput }) => Math.log(latencyAt(throughput, { lambda, sigma, kappa }))),
  );
  // Also where it has no latency for one of the throughputs, so that it is no number.
  if (!(explained >= LEAST_EXPLAINED)) return { why: 'the best curve is far from the points' };
  return { lambda, sigma, kappa, explained, peak };

  function throughputAt(n: number): number {
    return (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1));
  }
}

/**
 * Where N = X·R is put into the law, what is left is a quadratic equation for R: κX²·R² + (σX − κX − λ)·R +
 * (1 − σ) = 0. The smaller solution is the one below the peak. NaN where there is none.
 */
function latencyAt(
  throughput: number,
  { lambda, sigma, kappa }: Pick<Scalability, 'lambda' | 'sigma' | 'kappa'>,
): number {
  const a = kappa * throughput ** 2;
  const b = lambda - (sigma - kappa) * throughput;
  const c = 1 - sigma;
  // In this form nothing is divided by κ, which may be 0. Beyond what σ alone allows there is no latency.
  return b > 0 ? (2 * c) / (b + Math.sqrt(b ** 2 - 4 * a * c)) : Number.NaN;
}

function explainedShare(values: readonly number[], fitted: readonly number[]): number {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = (of: (value: number, index: number) => number): number =>
    values.reduce((sum, value, index) => sum + of(value, index) ** 2, 0);
  return 1 - squares((value, index) => value - (fitted[index] ?? 0)) / squares((v) => v - middle);
}

/** Least squares by the normal equations, columns scaled so that large and small terms weigh alike. */
function solve(rows: readonly (readonly number[])[], values: readonly number[]) {
  const width = rows[0]?.length ?? 0;
  const scale = Array.from(
    { length: width },
    (_, j) => Math.sqrt(rows.reduce((sum, row) => sum + (row[j] ?? 0) ** 2, 0)) || 1,
  );
  const at = (row: readonly number[], j: number): number => (row[j] ?? 0) / (scale[j] ?? 1);
  const system = Array.from({ length: width }, (_, i) => [
    ...Array.from({ length: width }, (_, j) =>
      rows.reduce((sum, row) => sum + at(row, i) * at(row, j), 0),
    ),
    rows.reduce((sum, row, k) => sum + at(row, i) * (values[k] ?? 0), 0),
  ]);
  const solved = eliminate(system);
  return solved?.map((value, j) => value / (scale[j] ?? 1));
}

/** Gauss with the largest pivot; undefined where the system has no single solution. */
function eliminate(system: number[][]): number[] | undefined {
  const size = system.length;
  for (let step = 0; step < size; step += 1) {
    const below = system.slice(step).map((row) => Math.abs(row[step] ?? 0));
    const best = step + below.indexOf(Math.max(...below));
    const pivot = system[best] ?? [];
    // Columns have length 1, so this is relative.
    if (Math.abs(pivot[step] ?? 0) < 1e-10) return undefined;
    system[best] = system[step] ?? [];
    system[step] = pivot;
    for (const [index, row] of system.entries()) {
      if (index === step) continue;
      const factor = (row[step] ?? 0) / (pivot[step] ?? 1);
      for (let j = step; j <= size; j += 1) row[j] = (row[j] ?? 0) - factor * (pivot[j] ?? 0);
    }
  }
  return system.map((row, index) => (row[size] ?? 0) / (row[index] ?? 1));
}
