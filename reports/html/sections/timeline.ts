/** What happened over the seconds of the measurement: latency, and under it what may have caused it. */
import type { TimelinePoint } from '../../../core/result.ts';
import { formatMicroseconds, formatNumber } from '../../../core/units.ts';
import { flowOfRun } from '../../flow.ts';
import { armTag } from '../arm-look.ts';
import type { TimeSeries } from '../charts/over-time.ts';
import { overTimeChart } from '../charts/over-time.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Markup } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import { isZero, timeSeries } from '../time-series.ts';
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
  const drawn = withData.filter(({ series, signal }) => signal.latency || !isZero(series));
  const seconds = Math.max(
    ...withData.flatMap(({ series }) => series.flatMap(({ middle }) => middle.map(({ at }) => at))),
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
      spec: overTimeChart(series, {
        format: signal.format,
        scale: signal.latency ? 'log' : 'zero',
        height: signal.latency ? 120 : 64,
        marks: true,
        seconds,
        title: 'second of the measurement',
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
            const found = mine?.middle.find(({ at }) => at === second);
            return found === undefined ? '–' : signal.format(found.value);
          }),
        ]),
      ),
    }),
  });
}

function seriesOf(view: View, { pick, latency }: Signal): TimeSeries[] {
  return timeSeries(view.looks, (look) =>
    countedOf(view, look).map(({ timeline }) =>
      timeline.flatMap((second) => {
        const value = pick(second);
        // Of a second in which nothing came there is no latency.
        return value === undefined || (latency && value <= 0) ? [] : [{ at: second.second, value }];
      }),
    ),
  );
}
