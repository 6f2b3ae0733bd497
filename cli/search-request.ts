/** What a scenario that looks for a limit was asked to look for: its objective, and how far it may go. */
import { fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Assertion } from '../core/objective.ts';
import { parseAssertions } from '../core/objective.ts';
import type { PlainValues } from '../core/params.ts';
import type { Arm, Point } from '../core/result.ts';
import type { Scenario, SearchPlan } from '../core/scenario.ts';
import type { Limits, Spread } from '../loadgen/limits.ts';
import { limitText, possibleClients } from '../loadgen/limits.ts';
import type { BoundedSearch } from '../loadgen/search-run.ts';
import type { Metric } from '../reports/metric.ts';
import { allMetrics, isMetricId, metrics } from '../reports/metrics/registry.ts';

export interface SearchRequest {
  /** What is searched at a point of a sweep. */
  planAt(point: Point): SearchPlan;
  readonly objective: readonly Assertion[];
}

/** @throws HarnessError for an objective that cannot be read, and for a search from above to below */
export function readSearch(
  scenario: Scenario,
  values: PlainValues,
  arms: readonly Arm[],
  points: readonly Point[],
): SearchRequest | undefined {
  const plan = scenario.search?.(values);
  if (plan === undefined) return undefined;
  const { param, from, to } = plan;
  const swept = points.flatMap((point) => Object.keys(point));
  if (swept.includes(param) || swept.includes('search')) {
    throw fault('bad-value', {
      flag: '--vary',
      problem: `${param} is what is searched, so it cannot be swept too`,
    });
  }
  if (from > to) {
    throw fault('bad-value', {
      flag: `--${param}`,
      problem: `the search begins at ${from}, which is above its end (--max-${param} ${to})`,
    });
  }
  return {
    planAt: (point) => scenario.search?.({ ...values, ...point }) ?? plan,
    objective: readObjective('--objective', plan.objective, arms),
  };
}

/** @throws HarnessError that names the flag, or the metric or arm that was probably meant */
export function readObjective(
  flag: string,
  text: string,
  arms: readonly Arm[],
): readonly Assertion[] {
  const parsed = parseAssertions(text, (id) => {
    const metric: Metric | undefined = isMetricId(id) ? metrics[id] : undefined;
    return metric?.unit;
  });
  if ('problem' in parsed) {
    const { name, problem } = parsed;
    if (name === undefined) throw fault('bad-value', { flag, problem });
    const known = allMetrics.map(([id]) => id);
    const bare = arms.some((arm) => name.startsWith(`${arm.name}.`))
      ? name.slice(name.indexOf('.') + 1)
      : name;
    throw fault('unknown-name', { what: 'metric', name, nearest: nearestOf(bare, known), known });
  }
  const names = arms.map(({ name }) => name);
  for (const { arm } of parsed) {
    if (arm === undefined || names.includes(arm)) continue;
    throw fault('unknown-name', {
      what: 'arm',
      name: arm,
      nearest: nearestOf(arm, names),
      known: names,
    });
  }
  return parsed;
}

/** As far as the machine allows: more clients than there are files or ports for are not tried. */
export function boundSearch(plan: SearchPlan, limits: Limits, spread?: Spread): BoundedSearch {
  const asked = { cause: 'asked', says: 'nothing higher was asked for' } as const;
  const possible = possibleClients(limits, spread);
  if (plan.param !== 'clients' || possible.clients >= plan.to) return { ...plan, bound: asked };
  const says = `${limitText(limits, possible.by, spread)} allow no more clients`;
  return { ...plan, to: possible.clients, bound: { cause: possible.by, says } };
}
