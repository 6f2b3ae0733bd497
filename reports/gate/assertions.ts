/**
 * Limits on what a run measured. A limit on something exact holds when every trial kept to it; one on a
 * noisy figure is only called broken when its whole interval is.
 */
import type { Assertion } from '../../core/objective.ts';
import { holds, holdsBeyond } from '../../core/objective.ts';
import type { AssertionRecord } from '../../core/records/gate.ts';
import type { RunResult } from '../../core/result.ts';
import { mean, tInterval } from '../../core/stats.ts';
import { formatCount } from '../../core/units.ts';
import { isBeyondDeadline } from '../beyond-deadline.ts';
import { countedTrials } from '../derive.ts';
import { formatMetric } from '../metric.ts';
import type { MetricId } from '../metrics/registry.ts';
import { isMetricId, metrics } from '../metrics/registry.ts';
import { marginOf } from './rules.ts';

/** @param arms those that an assertion without an arm is about */
export function checkAssertions(
  run: RunResult,
  assertions: readonly Assertion[],
  arms: readonly string[],
): AssertionRecord[] {
  return assertions.flatMap((assertion) =>
    (assertion.arm === undefined ? arms : [assertion.arm]).map((arm) =>
      checkOne(run, assertion, arm),
    ),
  );
}

function checkOne(run: RunResult, assertion: Assertion, arm: string): AssertionRecord {
  const { text, metric: id } = assertion;
  const [point = {}] = run.points;
  const measured = countedTrials(run, arm, point).filter(({ metrics: all }) => id in all);
  const values = measured.flatMap(({ metrics: all }) => all[id] ?? []);
  const name = { text, arm, metric: id };
  if (values.length === 0 || !isMetricId(id)) {
    return { ...name, state: 'no-data', says: `${arm} ${id} was not measured in any valid trial.` };
  }
  const subject = `${arm} ${metrics[id].title}`;
  const beyond = measured.filter((trial) => isBeyondDeadline(trial, id)).length;
  const isHalf = 2 * beyond >= values.length;
  // Of half of them or more beyond any limit the middle is too, whatever the others are; with fewer, what is
  // broken by the least that those may be is broken.
  if (beyond > 0 && !holdsBeyond(assertion, Math.min(...values))) {
    const least = judgeValues(assertion, id, values, subject);
    if (!isHalf && least.state === 'broken') return { ...name, ...least };
    return {
      ...name,
      state: isHalf ? 'broken' : 'unclear',
      value: Math.max(...values),
      says: `${subject} lies beyond the deadline in ${beyond} of ${formatCount(values.length, 'trial')}, and nobody knows how far: ${isHalf ? `beyond ${text}` : `${text} is neither kept nor broken for sure`}.`,
    };
  }
  return { ...name, ...judgeValues(assertion, id, values, subject) };
}

type Judged = Pick<AssertionRecord, 'state' | 'value' | 'low' | 'high' | 'says'>;

function judgeValues(
  assertion: Assertion,
  id: MetricId,
  values: readonly number[],
  subject: string,
): Judged {
  const { text } = assertion;
  const show = (value: number): string => formatMetric(metrics[id].unit, value);
  const trials = formatCount(values.length, 'trial');
  if (assertion.operator === '=' || marginOf(id, 1) === 0) {
    const broken = values.filter((value) => !holds(assertion, value));
    const [first] = broken;
    return first === undefined
      ? {
          state: 'kept',
          value: values[0],
          says: `${subject} kept to ${text} in all of ${trials}.`,
        }
      : {
          state: 'broken',
          value: first,
          says: `${subject} was ${show(first)} in one of ${trials}, and did not keep to ${text} in ${broken.length}.`,
        };
  }
  const { value, low, high } = center(values);
  const figure = `${subject} is ${show(value)}`;
  if (low === undefined || high === undefined) {
    const kept = holds(assertion, value);
    return {
      state: kept ? 'kept' : 'broken',
      value,
      says: `${figure} in one trial: ${kept ? 'within' : 'beyond'} ${text}.`,
    };
  }
  const ends = [holds(assertion, low), holds(assertion, high)];
  const state = ends.every(Boolean) ? 'kept' : ends.some(Boolean) ? 'unclear' : 'broken';
  const verdict = {
    kept: `within ${text}`,
    broken: `beyond ${text}`,
    unclear: `${text} lies inside the interval, so it is neither kept nor broken for sure`,
  }[state];
  const says = `${figure} (95 % interval ${show(low)} … ${show(high)}, ${trials}): ${verdict}.`;
  return { state, value, low, high, says };
}

/** On the logarithmic scale, where latencies are nearest to normal; counts that may be 0 as they are. */
function center(values: readonly number[]): { value: number; low?: number; high?: number } {
  const isPositive = values.every((value) => value > 0);
  const scaled = isPositive ? values.map(Math.log) : values;
  const back = isPositive ? Math.exp : (value: number): number => value;
  const value = back(mean(scaled) ?? 0);
  const interval = tInterval(scaled, 0.95);
  return interval === undefined
    ? { value }
    : { value, low: back(interval.low), high: back(interval.high) };
}
