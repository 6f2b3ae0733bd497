/** The chart of clients that stopped reading: the others against the calm arm, and what the server held, over one time. */

import { median } from '../../core/median.ts';
import type { StallRecord } from '../../core/records/stall.ts';
import { formatBytes, formatMicroseconds } from '../../core/units.ts';
import { isSameButVariant } from '../arm-variants.ts';
import { figureText } from '../figure-text.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armTag } from '../html/arm-look.ts';
import type { OverTimeOptions, TimeSeries } from '../html/charts/over-time.ts';
import { overTimeChart } from '../html/charts/over-time.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Markup } from '../html/markup.ts';
import { figureCell, figures, table, words } from '../html/table.ts';
import { isZero, timedValues, timeSeries } from '../html/time-series.ts';
import type { View } from '../html/view.ts';
import { countedOf } from '../html/view.ts';
import type { MetricId } from '../metrics/registry.ts';
import { metrics } from '../metrics/registry.ts';
import { DROP_REASONS } from '../metrics/slow-sessions.ts';

type Step = StallRecord['timeline'][number];

interface Signal extends Pick<OverTimeOptions, 'format' | 'height' | 'scale' | 'bytes'> {
  readonly title: string;
  pick(step: Step): number | undefined;
}

const LATENCY: Omit<Signal, 'title'> = {
  format: formatMicroseconds,
  height: 130,
  scale: 'log',
  pick: ({ p99 }) => p99,
};

const SERVER: readonly Signal[] = [
  {
    title: 'Buffered by the server in user space',
    format: formatBytes,
    height: 90,
    scale: 'zero',
    bytes: true,
    pick: ({ bufferedBytes }) => bufferedBytes,
  },
  {
    title: 'Resident memory of the server',
    format: formatBytes,
    height: 90,
    scale: 'around',
    bytes: true,
    pick: ({ rssBytes }) => rssBytes,
  },
  {
    title: 'Deliveries left out so far',
    format: (value) => Math.round(value).toLocaleString('en-US'),
    height: 64,
    scale: 'zero',
    pick: ({ dropped }) => dropped,
  },
];

const TABLE = [
  'healthy.p50',
  'healthy.p99',
  'healthy.reach',
  'healthy.closed',
  'stall.growth',
  'stall.growth.max',
  'stall.memory',
  'stall.offered',
  'stall.buffered',
  'stall.kernel',
  'stall.sockets',
  'stall.dropped',
  ...DROP_REASONS,
  'stall.evicted',
  'stall.eviction',
  'stall.inflight',
  'stall.caughtup',
  'stall.caughtup.max',
  'stall.stale.p50',
  'stall.stale.max',
  'stall.disagreement',
  'block.time',
] as const satisfies readonly MetricId[];

const IDLE_REASONS: ReadonlySet<string> = new Set(DROP_REASONS);

export function stallFigure(view: View): Markup | undefined {
  const records = view.looks.flatMap((look) => recordsOf(view, look));
  if (records.length === 0) return undefined;
  const groups = variantsTogether(view.looks).map((looks) => ({
    signal: {
      ...LATENCY,
      title: `p99 of those who read, ${looks[0]?.name ?? ''}${looks.length > 1 ? ' against calm' : ''}`,
    },
    series: seriesOf(view, looks, LATENCY),
  }));
  const all = [
    ...groups,
    ...SERVER.map((signal) => ({ signal, series: seriesOf(view, view.looks, signal) })),
  ].filter(({ series }) => series.length > 0);
  const drawn = all.filter(({ signal, series }) => signal.scale !== 'zero' || !isZero(series));
  const flat = all.filter((one) => !drawn.includes(one)).map(({ signal }) => signal.title);
  const seconds = Math.max(
    ...records.map(({ timeline }) => ((timeline.at(-1)?.ms ?? 0) + 100) / 1_000),
  );
  const [from, until] = [
    (median(records.map(({ fromMs }) => fromMs)) ?? 0) / 1_000,
    (median(records.map(({ untilMs }) => untilMs)) ?? 0) / 1_000,
  ];
  return figure({
    id: `stall${view.suffix}`,
    title: 'Clients that stop reading, and the others',
    lookFor:
      'The band is the time in which some did not read. Where the others are served as if nothing had happened, the two lines of a transport lie on each other in it; what is held for the slow ones shows beneath.',
    legend: armLegend(view.looks, [
      ['line-merged', 'median of the rounds'],
      ['line-round', 'one round'],
    ]),
    panels: drawn.map(({ signal, series }, index) => ({
      id: `stall${view.suffix}-${index}`,
      heading: signal.title,
      label: `${signal.title} over the time of the load, per arm`,
      spec: overTimeChart(series, {
        format: signal.format,
        height: signal.height,
        scale: signal.scale,
        bytes: signal.bytes === true,
        band: [from, until],
        seconds,
        title: 'seconds since the start of the load',
        last: index === drawn.length - 1,
      }),
    })),
    notes: [
      'What the kernel took is what was published and not read, without what the server buffered or left out: only the first and the last of these are counted anywhere. It is in the buffers of both ends, since both are on this machine.',
      ...(flat.length === 0 ? [] : [`Zero all the time, so not drawn: ${flat.join(', ')}.`]),
    ],
    data: table({
      label: 'Clients that stop reading, in figures',
      columns: [words('figure'), ...view.looks.map((look) => figures(armTag(look)))],
      rows: TABLE.flatMap((id) => {
        const texts = view.looks.map((look) => figureText(view.run, look.arm, view.point, id));
        // Of the reasons, a policy has few.
        const isIdle = IDLE_REASONS.has(id) && texts.every(({ text }) => /^[–0]$/.test(text));
        return isIdle ? [] : [[metrics[id].title, ...texts.map(figureCell)]];
      }),
    }),
  });
}

function recordsOf(view: View, look: ArmLook): StallRecord[] {
  return countedOf(view, look).flatMap(({ stall }) => stall ?? []);
}

/** The arms that are the same but for their variant together: the one with stalled clients, and the calm one. */
function variantsTogether(looks: readonly ArmLook[]): ArmLook[][] {
  const groups: ArmLook[][] = [];
  for (const look of looks) {
    // An arm that is run twice is put beside its own variants, and not beside itself.
    const own = groups.find(
      (group) =>
        group.some(({ arm }) => isSameButVariant(arm, look.arm)) &&
        group.every(({ arm }) => arm.variant !== look.arm.variant),
    );
    if (own === undefined) groups.push([look]);
    else own.push(look);
  }
  return groups;
}

function seriesOf(
  view: View,
  looks: readonly ArmLook[],
  { pick }: Pick<Signal, 'pick'>,
): TimeSeries[] {
  return timeSeries(
    looks,
    (look) => recordsOf(view, look).map(({ timeline }) => timedValues(timeline, pick)),
    'common',
  );
}
