/** What finding silent peers took, on either side, against what the heartbeats cost while nothing was wrong. */
import { decodeHistogram, mergeHistograms, valueAtQuantile } from '../../core/histogram.ts';
import { median } from '../../core/median.ts';
import type { BeatRecord } from '../../core/records/beat.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { formatMicroseconds, formatNumber } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import { figureText } from '../figure-text.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armTag } from '../html/arm-look.ts';
import type { IntervalPoint } from '../html/charts/intervals.ts';
import { intervalChart } from '../html/charts/intervals.ts';
import type { Panel } from '../html/figure.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Markup } from '../html/markup.ts';
import { figureCell, figures, table, words } from '../html/table.ts';
import type { Metric } from '../metric.ts';
import { formatMetric } from '../metric.ts';
import type { Side } from '../metrics/heartbeat.ts';
import { CROWD } from '../metrics/heartbeat.ts';
import type { MetricId } from '../metrics/registry.ts';
import { metrics } from '../metrics/registry.ts';
import { pointText } from '../param-text.ts';
import type { Finding } from './finding.ts';

export const heartbeatFinding: Finding = {
  applies: ({ trials }) => trials.some(({ beat }) => beat !== undefined),
  answer: (run) => {
    const swept = run.points.filter((point) => nameOf(run, point) !== undefined);
    const [point] = swept;
    if (point === undefined) return [];
    return swept.length === 1 ? answerAt(run, point) : answerOver(run, swept);
  },
  // Of one interval there is nothing to draw: all of them are drawn together.
  figure: () => undefined,
  overview: heartbeatFigure,
};

function recordsOf(run: RunResult, arm: Arm, point: Point): BeatRecord[] {
  return countedTrials(run, arm.name, point).flatMap(({ beat }) => beat ?? []);
}

function answerAt(run: RunResult, point: Point): string[] {
  const known = run.arms.flatMap((arm) => {
    const records = recordsOf(run, arm, point);
    const [first] = records;
    return first === undefined ? [] : [{ arm, records, first }];
  });
  const [one] = known;
  if (one === undefined) return [];
  const found = known.map(
    ({ arm, records, first }) =>
      `over ${arm.title} the server ${foundText(records, 'server')}${howServer(first, records)} and the clients ${
        first.silenceMs === 0 ? 'were not told to look' : foundText(records, 'client')
      }`,
  );
  const costs = known.map(({ arm }) => {
    const [cpu, bytes] = (['heartbeat.cpu', 'heartbeat.bytes'] as const).map(
      (id) => figureText(run, arm, point, id).text,
    );
    return `over ${arm.title} ${cpu} of a core per ${CROWD.toLocaleString('en-US')} connections and ${bytes} on the wire for each`;
  });
  return [
    `${setting(one.first)}, after the network had begun to swallow everything, ${found.join('; ')}.`,
    one.first.heartbeatMs === 0
      ? 'TCP’s own probes are the kernel’s work: they are in neither the CPU nor the bytes of heartbeats.'
      : `While nothing is wrong, heartbeats take ${costs.join('; ')}.`,
    ...alarmText(known.flatMap(({ records }) => records)),
  ];
}

/** One row of figures per protocol, in the order of the sweep; the words of each point would be a wall. */
function answerOver(run: RunResult, points: readonly Point[]): string[] {
  const row = (arm: Arm, id: MetricId): string | undefined => {
    const texts = points.map((point) => figureText(run, arm, point, id).text);
    return texts.every((text) => text === '–') ? undefined : texts.join(', ');
  };
  const arms = run.arms.filter((arm) =>
    points.some((point) => recordsOf(run, arm, point).length > 0),
  );
  const noticed = arms.map((arm) => {
    const [server, client] = (['heartbeat.server.max', 'heartbeat.client.max'] as const).map((id) =>
      row(arm, id),
    );
    const byServer =
      server === undefined ? 'its server did not notice all' : `its server after ${server}`;
    return `over ${arm.title} ${byServer}, the clients ${client === undefined ? 'did not' : `after ${client}`}`;
  });
  const costs = arms.map(
    (arm) =>
      `over ${arm.title} ${row(arm, 'heartbeat.cpu') ?? '–'} of a core per ${CROWD.toLocaleString('en-US')} connections and ${row(arm, 'heartbeat.bytes') ?? '–'} on the wire for each`,
  );
  const records = arms.flatMap((arm) => points.flatMap((point) => recordsOf(run, arm, point)));
  const onlyWrites = arms.find((arm) =>
    points
      .flatMap((point) => recordsOf(run, arm, point))
      .every(({ heartbeatMs, server }) => heartbeatMs > 0 && server.found === 0),
  );
  return [
    `With ${points.map((point) => nameOf(run, point)).join(', ')} between heartbeats, all dead peers had been noticed: ${noticed.join('; ')}.`,
    `While nothing is wrong, those heartbeats take ${costs.join('; ')}.`,
    ...(onlyWrites === undefined
      ? []
      : [
          `The server of ${onlyWrites.title} found none: it only writes, so it waits until the kernel gives up sending again, which takes minutes.`,
        ]),
    ...alarmText(records),
  ];
}

/** How many found themselves cut off although they were not. */
function alarmText(records: readonly BeatRecord[]): string[] {
  const alarms = records.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0);
  if (alarms === 0) return [];
  return [
    alarms === 1
      ? 'One connection was ended although nothing was wrong with it.'
      : `${alarms} connections were ended although nothing was wrong with them.`,
  ];
}

function setting({ heartbeatMs, pongTimeoutMs, keepAliveMs }: BeatRecord): string {
  if (heartbeatMs > 0)
    return `With a heartbeat every ${seconds(heartbeatMs)} and ${seconds(pongTimeoutMs)} for its answer`;
  return `With TCP keep-alive after ${seconds(keepAliveMs)} of silence and no heartbeats`;
}

const seconds = (ms: number): string => `${formatNumber(ms / 1_000)} s`;

function foundText(records: readonly BeatRecord[], side: Side): string {
  const hit = records.reduce((sum, { confirmed }) => sum + confirmed.count, 0);
  const found = records.reduce((sum, record) => sum + record[side].found, 0);
  const watched = seconds(
    Math.round(Math.min(...records.map(({ watchedMs }) => watchedMs)) / 100) * 100,
  );
  if (found === 0) return `found none of ${hit} dead peers within ${watched}`;
  const times = mergeHistograms(records.map((record) => decodeHistogram(record[side].times)));
  const range = [0, 1].map((quantile) => formatMicroseconds(valueAtQuantile(times, quantile) ?? 0));
  const who =
    found >= hit
      ? `all ${hit} dead peers`
      : `${found} of ${hit} dead peers within ${watched}, those`;
  return `found ${who} after ${range.join(' to ')}`;
}

/** Why a server that only writes finds nobody. */
function howServer({ heartbeatMs }: BeatRecord, records: readonly BeatRecord[]): string {
  const none = records.every(({ server }) => server.found === 0);
  return none && heartbeatMs > 0
    ? ' (it only writes, so it waits until the kernel gives up sending again, which takes minutes)'
    : '';
}

const PANELS: readonly { id: string; heading: string; metric: MetricId }[] = [
  { id: 'server', heading: 'Until the server had noticed all', metric: 'heartbeat.server.max' },
  { id: 'client', heading: 'Until all clients had noticed', metric: 'heartbeat.client.max' },
  {
    id: 'cpu',
    heading: `Server CPU per ${CROWD.toLocaleString('en-US')} connections, share of a core`,
    metric: 'heartbeat.cpu',
  },
  { id: 'bytes', heading: 'Bytes per second and connection', metric: 'heartbeat.bytes' },
];

/** What was swept: the interval, and the way to notice where there are several. */
function nameOf(run: RunResult, point: Point): string | undefined {
  const first = run.arms.flatMap((arm) => recordsOf(run, arm, point))[0];
  if (first === undefined) return undefined;
  const how =
    first.heartbeatMs > 0
      ? seconds(first.heartbeatMs)
      : `${seconds(first.keepAliveMs)}, keep-alive`;
  // Points that differ in something else are not to be drawn on top of each other.
  const { interval: _interval, method: _method, ...others } = point;
  const rest = pointText(run.scenario, others);
  return rest === '' ? how : `${how} (${rest})`;
}

function heartbeatFigure(run: RunResult, looks: readonly ArmLook[]): Markup | undefined {
  const order = [...new Set(run.points.flatMap((point) => nameOf(run, point) ?? []))];
  const panels = PANELS.map(({ id, heading, metric }): Panel | undefined => {
    const points = pointsOf(run, looks, metric);
    return points.length === 0
      ? undefined
      : {
          id: `heartbeat-${id}`,
          heading,
          label: `${heading}, against the interval of heartbeats, per arm`,
          spec: intervalChart(points, {
            order,
            format: (value) => formatMetric(metrics[metric].unit, value),
            height: 180,
            middle: 'over all rounds',
          }),
        };
  }).filter((panel) => panel !== undefined);
  if (panels.length === 0) return undefined;
  return figure({
    id: 'heartbeat',
    title: 'What finding out sooner costs',
    lookFor:
      'From left to right heartbeats get rarer: what they cost falls, and dead peers are found later. An arm that is missing above did not find all of them while it was watched.',
    legend: armLegend(looks, []),
    panels,
    grid: true,
    notes: [
      'Bytes are those of the kernel at the server’s end, with all headers, answers and acknowledgements, less those of a window without heartbeats. TCP_USER_TIMEOUT, which would end a connection whose bytes are not acknowledged in time, cannot be set from Node.',
    ],
    data: table({
      label: 'Dead peers: who found them when, and what heartbeats cost',
      columns: [
        words('a heartbeat every'),
        words('arm'),
        ...PANELS.map(({ heading }) => figures(heading)),
      ],
      rows: run.points.flatMap((point) =>
        looks.map((look) => [
          nameOf(run, point) ?? '–',
          armTag(look),
          ...PANELS.map(({ metric }) => figureCell(figureText(run, look.arm, point, metric))),
        ]),
      ),
    }),
  });
}

function pointsOf(run: RunResult, looks: readonly ArmLook[], id: MetricId): IntervalPoint[] {
  const metric: Metric = metrics[id];
  return looks.flatMap((look) =>
    run.points.flatMap((point) => {
      const at = nameOf(run, point);
      const rounds = countedTrials(run, look.arm.name, point).flatMap(
        (trial) => metric.derive(trial) ?? [],
      );
      const middle = median(rounds);
      return at === undefined || middle === undefined ? [] : [{ look, at, middle, rounds }];
    }),
  );
}
