/** How the figure of an arm is written, the same on the terminal and in the report. */
import type { Arm, Point, RunResult } from '../core/result.ts';
import { countedTrials, figureOf } from './derive.ts';
import { flowOfRun, flowWords } from './flow.ts';
import type { Metric } from './metric.ts';
import { formatMetric } from './metric.ts';
import type { MetricId } from './metrics/registry.ts';
import { isMetricId, metrics } from './metrics/registry.ts';

export interface FigureText {
  readonly text: string;
  /** What is missing, where something is: '200 of 1,000 broadcasts'. */
  readonly note?: string;
}

/** The figure of an arm over all its counted trials at a point. */
export function figureText(run: RunResult, arm: Arm, point: Point, id: MetricId): FigureText {
  const metric: Metric = metrics[id];
  const trials = countedTrials(run, arm.name, point);
  const found = figureOf(metric, id, trials);
  switch (found.kind) {
    case 'not-measured':
      return { text: '–' };
    case 'not-enough': {
      const events = found.events.toLocaleString('en-US');
      const needed = found.needed.toLocaleString('en-US');
      const name = metric.eventsName ?? flowWords[flowOfRun(run, point)].events;
      return { text: 'not enough data', note: `${events} of ${needed} ${name}` };
    }
    case 'value':
      return { text: valueText(id, found.value, trials[0]?.probes['deadlineUs']) };
  }
}

/** Times that end with a delivery or an answer, so that one that never came is later than the deadline. */
const COUNTS_MISSING = /^(latency|healthy|spread|history|request|ask)\.(?!gap|slip)/;

/** A percentile that what never came pushes past the deadline is only known to be later than it. */
export function valueText(id: string, value: number, deadlineUs: number | undefined): string {
  const unit = isMetricId(id) ? metrics[id].unit : 'count';
  const beyond =
    unit === 'us' && COUNTS_MISSING.test(id) && deadlineUs !== undefined && value >= deadlineUs;
  return beyond ? `> ${formatMetric(unit, deadlineUs)}` : formatMetric(unit, value);
}
