/** Which metrics a gate looks at, and by which margin each: as asked for, or what suits the scenario. */
import type { GateRule } from '../../core/gate.ts';
import { MOST_GATE_METRICS } from '../../core/gate.ts';
import { parseShare } from '../../core/units.ts';
import type { Metric, Unit } from '../metric.ts';
import type { MetricId } from '../metrics/registry.ts';
import { isMetricId, metrics } from '../metrics/registry.ts';

/** A rule together with the arm and the metric that its name is made of. */
export interface ArmRule extends GateRule {
  readonly arm: string;
  readonly id: MetricId;
}

/** What is wrong with a text; `name` where it is a metric that there is not. */
export interface RuleProblem {
  readonly problem: string;
  readonly name?: string;
}

/** What cannot be split, and what bytes are made of: neither has noise to make room for. */
const unitMargins: Partial<Record<Unit, number>> = { share: 0, count: 0, B: 0.02 };
/** A tail has few events behind it, and moves more from round to round than anything else. */
const TAIL = /\.(p99|p99_9|max)$/;
const TAIL_FACTOR = 2;

/** @param margin of what is neither exact nor a tail */
export function marginOf(id: MetricId, margin: number): number {
  const metric: Metric = metrics[id];
  return unitMargins[metric.unit] ?? (TAIL.test(id) ? TAIL_FACTOR * margin : margin);
}

/** A gate judges ratios, and what lies around zero has none. */
const hasRatio = (id: MetricId): boolean => (metrics[id] as Metric).aroundZero !== true;

/**
 * As many of the metrics as a gate may have, shared out among the arms.
 * @param ids most important first
 */
export function defaultRules(
  arms: readonly string[],
  ids: readonly string[],
  margin: number,
): ArmRule[] {
  const each = Math.max(1, Math.floor(MOST_GATE_METRICS / arms.length));
  const known = ids.filter(isMetricId).filter(hasRatio).slice(0, each);
  return arms.flatMap((arm) => known.map((id) => ruleOf(arm, id, marginOf(id, margin))));
}

/**
 * `latency.p99`, `sse.latency.p99` or `latency.p99=20%`, of every arm where none is named.
 * @param arms names of the arms of head
 */
export function parseRules(
  texts: readonly string[],
  arms: readonly string[],
  margin: number,
): readonly ArmRule[] | RuleProblem {
  const rules: ArmRule[] = [];
  for (const text of texts.flatMap((one) => one.split(','))) {
    const [name = '', share] = text.split('=').map((part) => part.trim());
    const found = splitName(name, arms);
    if (found === undefined) return { problem: `there is no metric '${name}'`, name };
    const parsed = share === undefined ? undefined : parseShare(share);
    if (parsed !== undefined && 'problem' in parsed) return { problem: parsed.problem };
    if (!hasRatio(found.id)) {
      return {
        problem: `${found.id} is a slope or a difference that lies around zero, so a change of it has no ratio that a gate could judge`,
      };
    }
    for (const arm of found.arms) {
      rules.push(ruleOf(arm, found.id, parsed?.value ?? marginOf(found.id, margin)));
    }
  }
  const twice = rules.find(({ metric }, at) => rules.findIndex((r) => r.metric === metric) !== at);
  if (twice !== undefined) return { problem: `${twice.metric} is named twice` };
  if (rules.length > MOST_GATE_METRICS) {
    return {
      problem:
        `${rules.length} metrics are more than a gate can look at (${MOST_GATE_METRICS}): with every` +
        ' one more, each is seen less clearly',
    };
  }
  return rules;
}

function ruleOf(arm: string, id: MetricId, margin: number): ArmRule {
  return { metric: `${arm}.${id}`, better: metrics[id].better, margin, arm, id };
}

function splitName(
  name: string,
  arms: readonly string[],
): { arms: readonly string[]; id: MetricId } | undefined {
  if (isMetricId(name)) return { arms, id: name };
  const arm = arms.find((one) => name.startsWith(`${one}.`));
  const id = arm === undefined ? '' : name.slice(arm.length + 1);
  return arm !== undefined && isMetricId(id) ? { arms: [arm], id } : undefined;
}
