/** How latency is distributed: over all deliveries, and over the subscribers of one broadcast. */
import { formatMicroseconds } from '../../../core/units.ts';
import { figureText, valueText } from '../../figure-text.ts';
import type { MetricId } from '../../metrics/registry.ts';
import { armTag } from '../arm-look.ts';
import type { ArmTrials } from '../charts/percentiles.ts';
import { broadcastsOf, latencyCurve, MARKED, percentileChart } from '../charts/percentiles.ts';
import { ENOUGH_FOR_P99, spreadChart, spreadRows } from '../charts/spread.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';

function armTrials(view: View): ArmTrials[] {
  return view.looks
    .map((look) => ({
      look,
      trials: countedOf(view, look).filter(({ histograms }) => histograms !== undefined),
    }))
    .filter(({ trials }) => trials.length > 0);
}

export function percentileFigure(view: View): Markup | undefined {
  const arms = armTrials(view);
  if (arms.length === 0) return undefined;
  const fewest = Math.min(...arms.map(({ trials }) => broadcastsOf(trials)));
  const doubtful = (1 - 10 / fewest) * 100;
  return figure({
    id: `percentiles${view.suffix}`,
    title: 'Latency of every delivery, by percentile',
    lookFor:
      'Lower is better, and each step to the right is ten times rarer. Lines that run in parallel differ by the same factor for everybody; lines that part to the right differ in the tail.',
    legend: armLegend(
      arms.map(({ look }) => look),
      [
        ['line-merged', 'all rounds, from when the message was due'],
        ['line-sent', 'all rounds, from when it was sent: it forgives a late sender'],
        ['line-round', 'one round'],
      ],
    ),
    panels: [
      {
        id: `percentiles${view.suffix}-0`,
        label: 'Latency against percentile for each arm; the table below holds the marked points',
        spec: percentileChart(arms),
      },
    ],
    notes: [
      `Shaded: beyond ${doubtful.toFixed(doubtful > 99 ? 2 : 1)} %, fewer than 10 of the ${fewest.toLocaleString('en-US')} broadcasts of an arm are left. One slow broadcast is felt by all its subscribers at once, so there the curve tells of single events.`,
      ...lossNote(arms),
    ],
    data: table({
      label: 'Latency percentiles of all counted rounds',
      columns: [
        words('arm'),
        words('counted from'),
        ...MARKED.slice(0, 4).map(({ label }) => figures(label)),
        figures('slowest'),
      ],
      rows: arms.flatMap((arm) => [percentileRow(arm, 'due'), percentileRow(arm, 'sent')]),
    }),
  });
}

function percentileRow({ look, trials }: ArmTrials, source: 'due' | 'sent'): Content[] {
  const at = latencyCurve(trials, source);
  const deadlineUs = trials[0]?.probes['deadlineUs'];
  const broadcasts = broadcastsOf(trials);
  const text = (quantile: number): Content => {
    const needed = quantile < 1 ? Math.round(10 / (1 - quantile)) : 1;
    if (broadcasts < needed) return notEnough(broadcasts, needed);
    const us = at(quantile);
    return us === undefined ? '–' : valueText('latency.max', us, deadlineUs);
  };
  return [
    armTag(look),
    source === 'due' ? 'due' : 'sent',
    ...MARKED.slice(0, 4).map(({ quantile }) => text(quantile)),
    text(1),
  ];
}

function lossNote(arms: readonly ArmTrials[]): string[] {
  const all = arms.flatMap(({ trials }) => trials);
  const lost = all.reduce((sum, { ledger }) => sum + (ledger?.lost ?? 0), 0);
  const deadlineUs = all[0]?.probes['deadlineUs'];
  if (lost === 0 || deadlineUs === undefined) return [];
  return [
    `A line that leaps to ${formatMicroseconds(deadlineUs)}, the deadline, has reached the deliveries that never came: ${lost.toLocaleString('en-US')} in all.`,
  ];
}

const notEnough = (broadcasts: number, needed: number): Markup =>
  html`<small>not enough data (${broadcasts.toLocaleString('en-US')} of ${needed.toLocaleString('en-US')} broadcasts)</small>`;

const SPREAD_COLUMNS = [
  ['spread.first.p50', 'first, half of broadcasts'],
  ['spread.median.p50', 'median, half'],
  ['spread.last.p50', 'last, half'],
  ['spread.last.p99', 'last, 99 of 100'],
] as const satisfies readonly (readonly [MetricId, string])[];

export function spreadFigure(view: View): Markup | undefined {
  const arms = armTrials(view);
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

/** A figure, or what it lacks. */
export function figureCell({ text, note }: ReturnType<typeof figureText>): Content {
  return note === undefined ? text : html`<small>${text} (${note})</small>`;
}
