/** An objective as a sentence has it: 'latency p99 < 50 ms and all messages delivered'. */
import type { Assertion } from '../core/objective.ts';
import { parseAssertions } from '../core/objective.ts';
import { isMetricId, metrics } from './metrics/registry.ts';

/** The limits of an objective that a run was made with; none where a metric of it is no more. */
export function assertionsOf(objective: string): readonly Assertion[] {
  const parsed = parseAssertions(objective, (id) =>
    isMetricId(id) ? metrics[id].unit : undefined,
  );
  return 'problem' in parsed ? [] : parsed;
}

export function objectiveText(objective: string): string {
  const parts = assertionsOf(objective).map(assertionText);
  return parts.length === 0 ? objective : parts.join(' and ');
}

function assertionText({ arm, metric, operator, limit, text }: Assertion): string {
  if (arm === undefined && metric === 'reach' && limit === 1 && operator.endsWith('=')) {
    return 'all messages delivered';
  }
  const title = isMetricId(metric) ? metrics[metric].title : metric;
  const [, written = ''] = text.split(operator);
  const value = written.replace(/^([\d.]+)(?=[a-zA-Zµ])/, '$1 ');
  return `${arm === undefined ? '' : `${arm} `}${title} ${operator} ${value}`;
}
