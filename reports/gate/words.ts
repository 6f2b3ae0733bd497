/** What a gate decided, in words: one sentence for each metric and one for all of them. */
import type { FindingState, GateFinding } from '../../core/gate.ts';
import type {
  AssertionRecord,
  GateFindingRecord,
  GateRatesRecord,
  GateRecord,
} from '../../core/records/gate.ts';
import { formatChange, formatPercent } from '../../core/units.ts';
import type { Metric, Unit } from '../metric.ts';
import { formatMetric } from '../metric.ts';
import { metrics } from '../metrics/registry.ts';
import type { ArmRule } from './rules.ts';

/** One word for each state, for tables. */
export const stateWords: Readonly<Record<FindingState, string>> = {
  regressed: 'REGRESSED',
  improved: 'improved',
  passed: 'passed',
  unclear: 'unclear',
  'not-confirmed': 'not confirmed',
  'no-data': 'NO DATA',
  information: 'information',
};

export const assertionWords: Readonly<Record<AssertionRecord['state'], string>> = {
  kept: 'kept',
  broken: 'BROKEN',
  unclear: 'unclear',
  'no-data': 'NO DATA',
};

export const outcomeWords: Readonly<Record<GateRecord['outcome'], string>> = {
  passed: 'PASSED',
  'same-build': 'PASSED',
  unclear: 'PASSED, with a doubt',
  regressed: 'FAILED',
  broken: 'FAILED',
  'no-data': 'FAILED',
};

/** What the columns of a table of findings are called; its first has no name. */
export const findingColumns = [
  '',
  'metric',
  'base',
  'head',
  'change',
  '95 % interval',
  'margin',
] as const;

/** The cells below them. @param code how a name is set */
export function findingCells(
  { state, metric, unit, base, head, ratio, low, high, margin }: GateFindingRecord,
  code: (name: string) => string = (name) => name,
): string[] {
  return [
    stateWords[state],
    code(metric),
    formatMetric(unit as Unit, base),
    formatMetric(unit as Unit, head),
    ratio === undefined ? '' : formatChange(ratio),
    low === undefined || high === undefined ? '' : `${formatChange(low)} … ${formatChange(high)}`,
    margin === 0 ? 'none' : formatPercent(margin),
  ];
}

export function describeFinding(finding: GateFinding, rule: ArmRule): GateFindingRecord {
  const metric: Metric = metrics[rule.id];
  const { state, rounds, head, base, ratio, low, high, p } = finding;
  return {
    metric: finding.metric,
    title: `${rule.arm} ${metric.title}`,
    unit: metric.unit,
    margin: rule.margin,
    state,
    rounds,
    ...(head === undefined ? {} : { head }),
    ...(base === undefined ? {} : { base }),
    ...(ratio === undefined ? {} : { ratio }),
    ...(low === undefined ? {} : { low }),
    ...(high === undefined ? {} : { high }),
    ...(p === undefined ? {} : { p }),
    says: sentence(finding, rule, metric),
  };
}

function sentence(finding: GateFinding, { arm }: ArmRule, { title, unit }: Metric): string {
  const { head, base, rounds, reason } = finding;
  if (head === undefined || base === undefined) return `${arm} ${title}: ${reason}.`;
  const figures = `${formatMetric(unit, head)} against ${formatMetric(unit, base)} in the base`;
  return `${arm} ${title} is ${figures}${changeText(finding)} in ${rounds} rounds: ${reason}.`;
}

/** ', +12 % (95 % interval +8 % … +16 %)' */
export function changeText({
  ratio,
  low,
  high,
}: Pick<GateFinding, 'ratio' | 'low' | 'high'>): string {
  if (ratio === undefined) return '';
  const interval =
    low === undefined || high === undefined
      ? ''
      : ` (95 % interval ${formatChange(low)} … ${formatChange(high)})`;
  return `, ${formatChange(ratio)}${interval}`;
}

/** The one sentence at the top of every output. */
export function summarise({
  outcome,
  head,
  base,
  findings,
  assertions,
  batches,
}: Omit<GateRecord, 'says' | 'calibration'>): string {
  const named = (states: readonly string[]): string =>
    [...findings, ...assertions]
      .filter(({ state }) => states.includes(state))
      .map((one) => ('text' in one ? limitText(one) : one.metric))
      .join(', ');
  const rounds = batches.reduce((sum, batch) => sum + batch.rounds, 0);
  const against = base === undefined ? '' : ` against ${base.name}`;
  switch (outcome) {
    case 'same-build':
      return `${head.name} is the same build as ${base?.name ?? 'the base'}: its server is made of the same bytes, so nothing was measured.`;
    case 'regressed':
      return `${named(['regressed'])} regressed${against}: found in one batch of rounds and again in a second one (${rounds} rounds).`;
    case 'broken':
      return `${named(['broken'])} ${assertions.filter(({ state }) => state === 'broken').length === 1 ? 'is' : 'are'} not kept.`;
    case 'no-data':
      return `There is no data on ${named(['no-data'])}, and a gate without data does not pass.`;
    case 'unclear':
      return `No regression was confirmed${against}, but ${named(['unclear', 'not-confirmed'])} could not be cleared (${rounds} rounds).`;
    case 'passed': {
      const better = named(['improved']);
      return base === undefined
        ? `${assertions.length === 1 ? 'The limit is' : `All ${assertions.length} limits are`} kept.`
        : `No regression${against}: a change for the worse beyond the margins is ruled out (${rounds} rounds).${better === '' ? '' : ` Improved: ${better}.`}`;
    }
  }
}

/** A limit without an arm is one of each, and each has a name of its own: 'ws.reach=1'. */
export function limitText({ arm, text }: Pick<AssertionRecord, 'arm' | 'text'>): string {
  return text.startsWith(`${arm}.`) ? text : `${arm}.${text}`;
}

/** What the rule is worth on this machine, as far as it has been measured. */
export function calibrationText(rates: readonly GateRatesRecord[]): string[] {
  return rates.map(({ inject, regressed, pool }) =>
    inject === undefined
      ? `On this machine, equal builds raise a false alarm in ${inForty(regressed)} (resampled from ${pool} rounds).`
      : `On this machine, ${inject} is found in ${inTen(regressed)} gates (resampled from ${pool} rounds).`,
  );
}

function inForty(share: number): string {
  const count = share * 40;
  return count === 0
    ? '0 of 40 gates'
    : count < 1
      ? 'fewer than 1 of 40 gates'
      : `${Math.round(count)} of 40 gates`;
}

function inTen(share: number): string {
  return `${Math.round(share * 10)} of 10`;
}
