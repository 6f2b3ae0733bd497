/** When a load is applied and how long it counts: the same parameters in every scenario. */
import type { Params } from '../../core/params.ts';
import type { LoadPhase, Phase } from '../../core/scenario.ts';
import type { Pacing } from '../../core/schedule.ts';
import { pacings } from '../../core/schedule.ts';

export const timing = {
  warmup: {
    type: 'durationMs',
    default: 1_000,
    min: 0,
    max: 3_600_000,
    help: 'load before the measurement starts, kept apart from it',
  },
  duration: {
    type: 'durationMs',
    default: 4_000,
    min: 100,
    max: 86_400_000,
    help: 'measured time of each trial',
  },
  pacing: {
    type: 'choice',
    choices: pacings,
    default: 'constant',
    help: 'gaps between messages: all equal, or random as of independent senders',
  },
} as const satisfies Params;

/** What `--quick` makes of them. */
export const quickTiming = { duration: 2_000, warmup: 300 };

/** How long a round trip may take. */
export const timeout = {
  type: 'durationMs',
  default: 5_000,
  min: 10,
  max: 600_000,
  help: 'a round trip that is not answered this long after its due time counts as timed out',
} as const satisfies Params[string];

type Load = Omit<LoadPhase, 'kind' | 'measured' | 'durationMs' | 'pacing'>;

/**
 * The load twice: as a warm-up, unless that takes no time, and as the measurement.
 * @param warmUpLoad what the warm-up is made with, where it is something else
 */
export function warmUpAndMeasure(
  { warmup, duration, pacing }: { warmup: number; duration: number; pacing: Pacing },
  load: Load,
  warmUpLoad: Load = load,
): Phase[] {
  const common = { kind: 'load', pacing } as const;
  return [
    ...(warmup > 0 ? [{ ...common, ...warmUpLoad, measured: false, durationMs: warmup }] : []),
    { ...common, ...load, measured: true, durationMs: duration },
  ];
}
