/**
 * Whether deliveries fell behind the schedule while it lasted. A load that is more than a path can carry waits
 * in a queue that grows all the time: what is due t after the start comes t·(offered / delivered − 1) late.
 *
 *     latency            ╱ offered 112 % of what is carried: gains 0.12 s a second
 *            │       ╱
 *            │   ╱
 *            ├╱──────────── carried: no trend, whatever the noise
 *            └──────────────────▶ due
 */
import { median } from '../core/median.ts';
import { trend } from '../core/warmup.ts';

/** Enough for a trend to be told from noise, and few enough for each to hold several messages. */
const STEPS = 20;
/** Neighbouring steps resemble each other, which makes p too small; hence the strict level. */
const SIGNIFICANCE = 0.001;

export interface TimedLatency {
  /** ns after the start of the schedule. */
  readonly dueNs: number;
  readonly latencyUs: number;
}

/**
 * Time of latency gained per time of schedule: 0.12 where 12 % more was offered than was carried. 0 where the
 * latency does not rise beyond noise, or has come down again by the end; undefined where there is too little
 * to say.
 */
export function backlogGrowth(
  latencies: readonly TimedLatency[],
  spanNs: number,
): number | undefined {
  const stepNs = spanNs / STEPS;
  const steps = Array.from({ length: STEPS }, (): number[] => []);
  for (const { dueNs, latencyUs } of latencies) {
    steps[Math.min(STEPS - 1, Math.floor(dueNs / stepNs))]?.push(latencyUs);
  }
  const medians = steps.flatMap((values) => median(values) ?? []);
  const found = trend(medians, { significance: SIGNIFICANCE });
  if (found === undefined) return undefined;
  if (!found.significant || found.slope <= 0) return 0;
  const rise = found.slope * (medians.length - 1);
  const [first = 0] = medians;
  // What was late in the middle and has caught up is no backlog.
  if ((medians.at(-1) ?? 0) < first + rise / 2) return 0;
  return (found.slope * 1_000) / stepNs;
}
