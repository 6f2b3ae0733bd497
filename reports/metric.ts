/** A metric: a named figure with a unit and a better direction, derived from what a trial recorded. */

import type { Trial } from '../core/result.ts';
import * as units from '../core/units.ts';
import type { Direction } from '../core/verdict.ts';

export type Unit = 'us' | 'ns' | 'B' | 'B/s' | '/s' | 'share' | 'change' | 'core' | 'count';

export interface Metric {
  readonly title: string;
  readonly unit: Unit;
  readonly better: Direction;
  /** One sentence for `list` and the report. */
  readonly explain: string;
  /** The figure of one trial; undefined where it was not measured, which is not zero. */
  derive(trial: Trial): number | undefined;
  /**
   * The figure of several trials together, where it is not the median of theirs. Percentiles are read
   * from merged counts and never averaged.
   */
  merge?(trials: readonly Trial[]): number | undefined;
  /** Independent events below which a merged figure is not shown. */
  readonly needsEvents?: number;
  /** How many there were, where they are not the events of what the trials are about. */
  events?(trials: readonly Trial[]): number;
  /** What those are called. */
  readonly eventsName?: string;
  /**
   * A slope or a difference, which lies around zero: twice as much of next to nothing is nothing, so it has
   * no ratio and is in no comparison. What there is to say of two of them is their intervals.
   */
  readonly aroundZero?: true;
  /** A cost that is what there is with it less what there is without: above zero but for noise, which is said where it is not. */
  readonly isDifference?: true;
  /** Depends on timers, so that a timer-limited trial cannot show two arms to be the same. */
  readonly timed?: boolean;
}

export function formatMetric(unit: Unit, value: number | undefined): string {
  if (value === undefined) return '–';
  switch (unit) {
    case 'us':
      return units.formatMicroseconds(value);
    case 'ns':
      return units.formatNanoseconds(value);
    case 'B':
      return units.formatBytes(value);
    case 'B/s':
      return `${units.formatBytes(value)}/s`;
    case '/s':
      return `${units.formatNumber(value)}/s`;
    case 'share':
      // Every delivery counts: 99.999 % is not 100 %.
      return value === 1 ? '100 %' : `${(Math.floor(value * 1e5) / 1e3).toFixed(3)} %`;
    case 'change':
      // Of something else: 0.1 is 10 % more than before.
      return units.formatChange(1 + value);
    case 'core':
      // A share of one core, which several threads may exceed.
      return units.formatPercent(value);
    default:
      return Number.isInteger(value) ? value.toLocaleString('en-US') : units.formatNumber(value);
  }
}
