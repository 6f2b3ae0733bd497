/** What happened over the seconds of the measurement: latency, and under it what may have caused it. */
import type { TimelinePoint } from '../../../core/result.ts';
import { median } from '../../../core/stats.ts';
import { formatMicroseconds, formatNumber } from '../../../core/units.ts';
import { flowOfRun } from '../../flow.ts';
import { armTag } from '../arm-look.ts';
import type { TimelineSeries } from '../charts/timeline.ts';
import { timelineChart } from '../charts/timeline.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Markup } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';

interface Signal {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly latency: boolean;
  pick(second: TimelinePoint): number | undefined;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const milliseconds = (ms: number): string => `${formatNumber(ms)} ms`;

const SIGNALS: readonly Signal[] = [
  { title: 'p50', format: formatMicroseconds, latency: true, pick: ({ p50 }) => p50 },
  { title: 'p99', format: formatMicroseconds, latency: true, pick: ({ p99 }) => p99 },
  {
    title: 'server event loop, busy',
    format: percent,
    latency: false,
    pick: ({ serverUtilization }) => serverUtilization,
  },
  {
    title: 'generator event loop, busy',
    format: percent,
    latency: false,
    pick: ({ generatorUtilization }) => generatorUtilization,
  },
  {
    title: 'server garbage collection, per second',
    format: milliseconds,
    latency: false,
    pick: ({ serverGcMs }) => serverGcMs,
  },
  {
    title: 'generator garbage collection, per second',
    format: milliseconds,
    latency: false,
    pick: ({ generatorGcMs }) => generatorGcMs,
  },
  {
    title: 'time stolen by other guests',
    format: percent,
    latency: false,
    pick: ({ stealShare }) => stealShare,
  },
];

export function timelineFigure(view: View): Markup | undefined {
  const what = flowOfRun(view.run, view.point) === 'delivery' ? 'latency' : 'round trip';
  const measured = SIGNALS.map((one) => {
    const signal = one.latency ? { ...one, title: `${what} ${one.title}` } : one;
    return { signal, series: seriesOf(view, signal) };
  });
  const withData = measured.filter(({ series }) => series.length > 0);
  if (withData.length === 0) return undefined;
  const isFlat = (series: readonly TimelineSeries[]): boolean =>
    series.every(({ rounds }) => rounds.every((round) => round.every(({ value }) => value === 0)));
  const drawn = withData.filter(({ series, signal }) => signal.latency || !isFlat(series));
  const seconds = Math.max(
    ...withData.flatMap(({ series }) =>
      series.flatMap(({ middle }) => middle.map((one) => one.second)),
    ),
  );
  const zero = withData.filter((one) => !drawn.includes(one)).map(({ signal }) => signal.title);
  const missing = measured
    .filter(({ series }) => series.length === 0)
    .map(({ signal }) => signal.title);
  return figure({
    id: `timeline${view.suffix}`,
    title: 'Over the time of the measurement',
    lookFor:
      'Latency that jumps together with garbage collection, steal or a busy event loop below it has its cause there; latency that drifts had not settled.',
    legend: armLegend(view.looks, [
      ['line-merged', 'median of the rounds'],
      ['line-round', 'one round'],
    ]),
    panels: drawn.map(({ signal, series }, index) => ({
      id: `timeline${view.suffix}-${index}`,
      heading: signal.title,
      label: `${signal.title} in each second, per arm`,
      spec: timelineChart(series, {
        format: signal.format,
        logarithmic: signal.latency,
        height: signal.latency ? 120 : 64,
        seconds,
        last: index === drawn.length - 1,
      }),
    })),
    notes: [
      ...(zero.length > 0 ? [`Zero in every second, so not drawn: ${zero.join(', ')}.`] : []),
      ...(missing.length > 0 ? [`Not measured: ${missing.join(', ')}.`] : []),
    ],
    data: table({
      label: 'Median of the rounds in each second',
      columns: [
        words('arm'),
        figures('second'),
        ...withData.map(({ signal }) => figures(signal.title)),
      ],
      rows: view.looks.flatMap((look) =>
        Array.from({ length: seconds + 1 }, (_, second) => [
          armTag(look),
          second,
          ...withData.map(({ signal, series }) => {
            const mine = series.find((one) => one.look === look);
            const found = mine?.middle.find((one) => one.second === second);
            return found === undefined ? '–' : signal.format(found.value);
          }),
        ]),
      ),
    }),
  });
}

function seriesOf(view: View, { pick, latency }: Signal): TimelineSeries[] {
  return view.looks.flatMap((look) => {
    const rounds = countedOf(view, look).map(({ timeline }) =>
      timeline.flatMap((second) => {
        const value = pick(second);
        return value === undefined || (latency && value <= 0)
          ? []
          : [{ second: second.second, value }];
      }),
    );
    const all = rounds.flat();
    if (all.length === 0) return [];
    const seconds = [...new Set(all.map(({ second }) => second))].sort((a, b) => a - b);
    const middle = seconds.map((second) => ({
      second,
      value: median(all.filter((one) => one.second === second).map(({ value }) => value)) ?? 0,
    }));
    return [{ look, rounds, middle }];
  });
}
