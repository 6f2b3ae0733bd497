/** How latency is distributed: over all deliveries, and over all round trips of either kind. */
import type { Flow } from '../../../core/result.ts';
import { formatMicroseconds } from '../../../core/units.ts';
import { valueText } from '../../figure-text.ts';
import { flowWords, trafficKinds, trafficOf } from '../../flow.ts';
import { armTag } from '../arm-look.ts';
import type { ArmTraffic } from '../charts/percentiles.ts';
import { eventsIn, latencyCurve, MARKED, percentileChart } from '../charts/percentiles.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Content, Markup } from '../markup.ts';
import { figureCell, figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';

/** A figure per kind of traffic; the first is what the trials are about. */
export function percentileFigures(view: View): Markup[] {
  const kinds = trafficKinds(view.looks.flatMap((look) => countedOf(view, look)));
  return kinds.map((kind, index) =>
    percentileFigure(view, kind, `percentiles${index === 0 ? '' : `-${kind}`}${view.suffix}`),
  );
}

function percentileFigure(view: View, kind: Flow, id: string): Markup {
  const arms: ArmTraffic[] = view.looks
    .map((look) => ({
      look,
      rounds: countedOf(view, look).flatMap((trial) => trafficOf(trial, kind) ?? []),
    }))
    .filter(({ rounds }) => rounds.length > 0);
  const { name, many, events, done, due } = flowWords[kind];
  const fewest = Math.min(...arms.map(({ rounds }) => eventsIn(rounds)));
  const doubtful = (1 - 10 / fewest) * 100;
  const oneSlow =
    kind === 'delivery'
      ? 'One slow broadcast is felt by all its subscribers at once, so there the curve tells of single events.'
      : 'There the curve tells of single events.';
  return figure({
    id,
    title: titleOf(kind),
    lookFor:
      'Lower is better, and each step to the right is ten times rarer. Lines that run in parallel differ by the same factor for everybody; lines that part to the right differ in the tail.',
    legend: armLegend(
      arms.map(({ look }) => look),
      [
        ['line-merged', `all rounds, from when the ${due} was due`],
        ['line-sent', 'all rounds, from when it was sent: it forgives a late sender'],
        ['line-round', 'one round'],
      ],
    ),
    panels: [
      {
        id: `${id}-0`,
        label: `Latency of each ${name} against percentile for each arm; the table below holds the marked points`,
        spec: percentileChart(arms, `share of ${many} that ${done} (from 10 %)`),
      },
    ],
    notes: [
      ...(fewest > 0
        ? [
            `Shaded: beyond ${doubtful.toFixed(doubtful > 99 ? 2 : 1)} %, fewer than 10 of the ${fewest.toLocaleString('en-US')} ${events} of an arm are left. ${oneSlow}`,
          ]
        : []),
      ...missingNote(arms, kind),
    ],
    data: table({
      label: `Latency percentiles of all counted rounds: ${flowWords[kind].names}`,
      columns: [
        words('arm'),
        words('counted from'),
        ...MARKED.slice(0, 4).map(({ label }) => figures(label)),
        figures('slowest'),
      ],
      rows: arms.flatMap((arm) => [
        percentileRow(arm, 'due', events),
        percentileRow(arm, 'sent', events),
      ]),
    }),
  });
}

function titleOf(kind: Flow): string {
  switch (kind) {
    case 'delivery':
      return 'Latency of every delivery, by percentile';
    case 'request':
      return 'Latency of every round trip that a client asked for, by percentile';
    case 'ask':
      return 'Latency of every round trip that the server asked for, by percentile';
  }
}

function percentileRow(
  { look, rounds }: ArmTraffic,
  source: 'due' | 'sent',
  events: string,
): Content[] {
  const at = latencyCurve(rounds, source);
  const deadlineUs = rounds[0]?.deadlineUs;
  const had = eventsIn(rounds);
  const text = (quantile: number): Content => {
    const needed = quantile < 1 ? Math.round(10 / (1 - quantile)) : 1;
    if (had < needed) {
      const note = `${had.toLocaleString('en-US')} of ${needed.toLocaleString('en-US')} ${events}`;
      return figureCell({ text: 'not enough data', note });
    }
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

function missingNote(arms: readonly ArmTraffic[], kind: Flow): string[] {
  const all = arms.flatMap(({ rounds }) => rounds);
  const missing = all.reduce((sum, one) => sum + one.missing, 0);
  const deadlineUs = all[0]?.deadlineUs ?? 0;
  if (missing === 0 || deadlineUs === 0) return [];
  const count = missing.toLocaleString('en-US');
  const leaps = `A line that leaps to ${formatMicroseconds(deadlineUs)}`;
  return [
    kind === 'delivery'
      ? `${leaps}, the deadline, has reached the deliveries that never came: ${count} in all.`
      : `${leaps}, the timeout, has reached the round trips that were never answered: ${count} in all.`,
  ];
}
