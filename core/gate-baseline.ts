/**
 * Head against a run that was saved earlier, and so on another machine or at another time: its trials are
 * no partners of anybody's. Only what does not depend on the hour may decide; the rest is shown.
 */
import type { GateFinding, GateRule, Judge, Look } from './gate.ts';
import { FEWEST_IN_BATCH, settle } from './gate.ts';
import { mean } from './stats.ts';
import { rankSum, welchInterval, welchTest } from './unpaired-stats.ts';

const SIGNIFICANCE = 0.05;

/** @param baseline figures of its trials, by the name of the rule */
export function judgeAgainst(baseline: Readonly<Record<string, readonly number[]>>): Judge {
  return (rounds, rules) =>
    settle(
      rules.map((rule) => {
        const heads = rounds.flatMap((round) => round[rule.metric]?.head ?? []);
        return lookAtSamples(heads, baseline[rule.metric] ?? [], rule);
      }),
    );
}

/** What is no part of the decision, with how far it has moved. */
export function informationOn(
  heads: readonly number[],
  bases: readonly number[],
  rule: GateRule,
  reason: string,
): GateFinding {
  const { figures } = lookAtSamples(heads, bases, rule);
  return { ...figures, state: 'information', p: undefined, reason };
}

function lookAtSamples(heads: readonly number[], bases: readonly number[], rule: GateRule): Look {
  const { metric, margin, better } = rule;
  const figures = {
    metric,
    margin,
    rounds: heads.length,
    head: mean(heads),
    base: mean(bases),
  };
  const nothing = { figures, isWorse: false, isClear: false };
  for (const [values, where] of [
    [heads, 'here'],
    [bases, 'in the saved run'],
  ] as const) {
    if (values.length >= FEWEST_IN_BATCH) continue;
    const times =
      values.length === 0
        ? 'no trial'
        : `${values.length} ${values.length === 1 ? 'trial' : 'trials'}`;
    return {
      ...nothing,
      missing: `it was measured in ${times} ${where}, and ${FEWEST_IN_BATCH} are needed`,
    };
  }
  if (margin === 0 || [...heads, ...bases].some((value) => value <= 0)) {
    const sign = better === 'lower' ? 1 : -1;
    const [a, b] = [heads.map((value) => sign * value), bases.map((value) => sign * value)];
    const worsening = (mean(a) ?? 0) - (mean(b) ?? 0);
    const alternative = worsening > 0 ? 'greater' : 'less';
    return {
      figures,
      pBeyond: Math.min(1, 2 * rankSum(a, b, { alternative })),
      isWorse: worsening > 0,
      isClear: worsening <= 0,
    };
  }
  const [a, b] = [heads.map(Math.log), bases.map(Math.log)];
  const interval = welchInterval(a, b, 1 - SIGNIFICANCE);
  const center = interval?.mean ?? 0;
  const edge = Math.log1p(margin);
  const larger = (side: number, alternative: 'greater' | 'less'): number =>
    Math.max(
      welchTest(a, b, { center: side, alternative }) ?? 1,
      rankSum(a, b, { center: side, alternative }),
    );
  const beyond = center > 0 ? larger(edge, 'greater') : larger(-edge, 'less');
  const clear = better === 'lower' ? larger(edge, 'less') : larger(-edge, 'greater');
  return {
    figures: {
      ...figures,
      head: Math.exp(mean(a) ?? 0),
      base: Math.exp(mean(b) ?? 0),
      ratio: Math.exp(center),
      low: interval && Math.exp(interval.low),
      high: interval && Math.exp(interval.high),
    },
    pBeyond: Math.min(1, 2 * beyond),
    isWorse: center > 0 === (better === 'lower'),
    isClear: clear < SIGNIFICANCE,
  };
}
