/** How a broadcast spreads over its subscribers; round trips have one each, so there is no such figure of them. */
import { formatMicroseconds } from '../../../core/units.ts';
import { figureText } from '../../figure-text.ts';
import { hasDeliveries } from '../../flow.ts';
import type { MetricId } from '../../metrics/registry.ts';
import { armTag } from '../arm-look.ts';
import { ENOUGH_FOR_P99, spreadChart, spreadRows } from '../charts/spread.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figureCell, figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';

const SPREAD_COLUMNS = [
  ['spread.first.p50', 'first, half of broadcasts'],
  ['spread.median.p50', 'median, half'],
  ['spread.last.p50', 'last, half'],
  ['spread.last.p99', 'last, 99 of 100'],
] as const satisfies readonly (readonly [MetricId, string])[];

export function spreadFigure(view: View): Markup | undefined {
  const arms = view.looks
    .map((look) => ({ look, trials: countedOf(view, look).filter(hasDeliveries) }))
    .filter(({ trials }) => trials.some(({ histograms }) => histograms !== undefined));
  const rows = spreadRows(arms);
  if (rows.length === 0) return undefined;
  return figure({
    id: `spread${view.suffix}`,
    title: 'One broadcast: its first, median and last subscriber',
    lookFor:
      'The gap between first and last is what fan-out costs the subscriber who is served last. The mark is half of all broadcasts, the bar holds 8 of 10, a thin line ends at 99 of 100.',
    legend: armLegend(arms.map(({ look }) => look)),
    panels: [
      {
        id: `spread${view.suffix}-0`,
        label: 'Time to the first, median and last subscriber of a broadcast, per arm',
        spec: spreadChart(rows),
      },
    ],
    notes: rows.every(({ p99 }) => p99 !== undefined)
      ? []
      : [
          `No thin line: 99 of 100 takes ${ENOUGH_FOR_P99.toLocaleString('en-US')} broadcasts, and there are fewer.`,
        ],
    data: html`${table({
      label: 'Time until a subscriber has a broadcast',
      columns: [
        words('subscriber'),
        words('arm'),
        figures('1 of 10'),
        figures('half'),
        figures('9 of 10'),
        figures('99 of 100'),
      ],
      rows: rows.map(({ subscriber, look, p10, p50, p90, p99 }) => [
        subscriber,
        armTag(look),
        ...[p10, p50, p90].map(formatMicroseconds),
        p99 === undefined ? '–' : formatMicroseconds(p99),
      ]),
    })}${table({
      label: 'The spread metrics of each arm',
      columns: [words('arm'), ...SPREAD_COLUMNS.map(([, head]) => figures(head))],
      rows: arms.map(({ look }) => [
        armTag(look),
        ...SPREAD_COLUMNS.map(([id]) => figureCell(figureText(view.run, look.arm, view.point, id))),
      ]),
    })}`,
  });
}
