/** What finding silent peers took, on either side, against what the heartbeats cost while nothing was wrong. */
import { decodeHistogram, mergeHistograms, valueAtQuantile } from '../../core/histogram.ts';
import { median } from '../../core/median.ts';
import type { BeatRecord } from '../../core/records/beat.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { formatCount, formatMicroseconds, formatNumber } from '../../core/units.ts';
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
      ? PROBES_ARE_FREE
      : `While nothing is wrong, heartbeats take ${costs.join('; ')}.`,
    ...alarmText(known.flatMap(({ records }) => records)),
  ];
}

/**
 * One part per protocol, with its figures in the order of the sweep; the words of each point would be a wall.
 * Points that do not have the same outcome are named one by one, since a row of them would contradict itself.
 */
function answerOver(run: RunResult, points: readonly Point[]): string[] {
  const arms = run.arms.filter((arm) =>
    points.some((point) => recordsOf(run, arm, point).length > 0),
  );
  const records = arms.flatMap((arm) => points.flatMap((point) => recordsOf(run, arm, point)));
  const found = arms.map(
    (arm) =>
      `over ${arm.title} the server ${foundOver(run, arm, points, 'server')} and the clients ${foundOver(run, arm, points, 'client')}`,
  );
  const beaten = points.filter((point) => isBeaten(run, point));
  const probed = points.filter((point) => !isBeaten(run, point));
  return [
    `With ${methodsText(run, points)}, after the network had begun to swallow everything, ${found.join('; ')}.`,
    ...(beaten.length === 0 ? [] : [costsOver(run, arms, beaten)]),
    ...(probed.length === 0 ? [] : [PROBES_ARE_FREE]),
    ...onlyWriteText(run, arms, beaten),
    ...alarmText(records),
  ];
}

const PROBES_ARE_FREE =
  'TCP’s own probes are the kernel’s work: they are in neither the CPU nor the bytes of heartbeats.';

/** What one side found of the dead peers, over all rounds of an arm at one point. */
interface Outcome {
  readonly point: Point;
  readonly says: 'all' | 'none' | 'some' | 'not told to look';
  /** Of 'all', when it had; of 'some', how many. */
  readonly figure: string;
}

function foundOver(run: RunResult, arm: Arm, points: readonly Point[], side: Side): string {
  const outcomes = points.flatMap((point) => outcomeOf(run, arm, point, side) ?? []);
  const only = new Set(outcomes.map(({ says }) => says)).size === 1 ? outcomes[0]?.says : undefined;
  const isEverywhere = outcomes.length === points.length;
  if (isEverywhere && only === 'none') return 'found none of the dead peers';
  if (isEverywhere && only === 'not told to look') return 'were not told to look';
  if (isEverywhere && only === 'all' && !isMixed(run, points))
    return `found all of the dead peers after ${outcomes.map(({ figure }) => figure).join(', ')}`;
  const parts = outcomes.map(({ point, says, figure }) => {
    const how = `with ${methodsText(run, [point])}`;
    if (says === 'not told to look') return `were ${says} ${how}`;
    if (says === 'all') return `found all of the dead peers after ${figure} ${how}`;
    return `found ${says === 'none' ? 'none of the dead peers' : figure} ${how}`;
  });
  return parts.join(', ');
}

/** @returns undefined where no trial of it counts */
function outcomeOf(run: RunResult, arm: Arm, point: Point, side: Side): Outcome | undefined {
  const records = recordsOf(run, arm, point);
  if (records.length === 0) return undefined;
  const isTold = side === 'server' || records.some(({ silenceMs }) => silenceMs > 0);
  if (!isTold) return { point, says: 'not told to look', figure: '' };
  const { hit, found } = countFound(records, side);
  if (found === 0) return { point, says: 'none', figure: '' };
  return found >= hit
    ? { point, says: 'all', figure: figureText(run, arm, point, `heartbeat.${side}.max`).text }
    : { point, says: 'some', figure: partText(found, hit) };
}

function costsOver(run: RunResult, arms: readonly Arm[], points: readonly Point[]): string {
  const row = (arm: Arm, id: MetricId): string =>
    points.map((point) => figureText(run, arm, point, id).text).join(', ');
  const costs = arms.map(
    (arm) =>
      `over ${arm.title} ${row(arm, 'heartbeat.cpu')} of a core per ${CROWD.toLocaleString('en-US')} connections and ${row(arm, 'heartbeat.bytes')} on the wire for each`,
  );
  return `While nothing is wrong, ${methodsText(run, points)} takes ${costs.join('; ')}.`;
}

/** Why some servers that beat find nobody. @param points at which they beat */
function onlyWriteText(run: RunResult, arms: readonly Arm[], points: readonly Point[]): string[] {
  const titles = arms.flatMap((arm) => {
    const records = points.flatMap((point) => recordsOf(run, arm, point));
    const none = records.length > 0 && records.every(({ server }) => server.found === 0);
    return none ? [arm.title] : [];
  });
  if (titles.length === 0) return [];
  return [
    titles.length === 1
      ? `With its heartbeats the server of ${titles[0]} found none: it only writes, so it waits until the kernel gives up sending again, which takes minutes.`
      : `With their heartbeats the servers of ${titles.join(', ')} found none: they only write, so they wait until the kernel gives up sending again, which takes minutes.`,
  ];
}

/** How many found themselves cut off although they were not. */
function alarmText(records: readonly BeatRecord[]): string[] {
  const alarms = records.reduce((sum, { falseAlarms }) => sum + falseAlarms, 0);
  if (alarms === 0) return [];
  return [
    alarms === 1
      ? 'One connection was ended although nothing was wrong with it.'
      : `${formatCount(alarms, 'connection')} were ended although nothing was wrong with them.`,
  ];
}

function setting({ heartbeatMs, pongTimeoutMs, keepAliveMs }: BeatRecord): string {
  if (heartbeatMs > 0)
    return `With a heartbeat every ${seconds(heartbeatMs)} and ${seconds(pongTimeoutMs)} for its answer`;
  return `With TCP keep-alive after ${seconds(keepAliveMs)} of silence and no heartbeats`;
}

const seconds = (ms: number): string => `${formatNumber(ms / 1_000)} s`;

const deadPeers = (count: number): string => formatCount(count, 'dead peer');

const partText = (found: number, hit: number): string =>
  `${found.toLocaleString('en-US')} of ${deadPeers(hit)}`;

function countFound(records: readonly BeatRecord[], side: Side): { hit: number; found: number } {
  return {
    hit: records.reduce((sum, { confirmed }) => sum + confirmed.count, 0),
    found: records.reduce((sum, record) => sum + record[side].found, 0),
  };
}

function foundText(records: readonly BeatRecord[], side: Side): string {
  const { hit, found } = countFound(records, side);
  const watched = seconds(
    Math.round(Math.min(...records.map(({ watchedMs }) => watchedMs)) / 100) * 100,
  );
  if (found === 0) return `found none of ${deadPeers(hit)} within ${watched}`;
  const times = mergeHistograms(records.map((record) => decodeHistogram(record[side].times)));
  const range = [0, 1].map((quantile) => formatMicroseconds(valueAtQuantile(times, quantile) ?? 0));
  const who =
    found >= hit ? `all ${deadPeers(hit)}` : `${partText(found, hit)} within ${watched}, those`;
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

/** What was swept, on an axis: the interval, and the way to notice where it is another. */
function nameOf(run: RunResult, point: Point): string | undefined {
  const first = firstAt(run, point);
  if (first === undefined) return undefined;
  const how =
    first.heartbeatMs > 0
      ? seconds(first.heartbeatMs)
      : `keep-alive after ${seconds(first.keepAliveMs)}`;
  return `${how}${othersText(run, point)}`;
}

const firstAt = (run: RunResult, point: Point): BeatRecord | undefined =>
  run.arms.flatMap((arm) => recordsOf(run, arm, point))[0];

const isBeaten = (run: RunResult, point: Point): boolean =>
  (firstAt(run, point)?.heartbeatMs ?? 0) > 0;

/** Whether there are heartbeats at some points and none at others. */
function isMixed(run: RunResult, points: readonly Point[]): boolean {
  return new Set(points.map((point) => isBeaten(run, point))).size > 1;
}

/** Points that differ in something else are not to be drawn on top of each other. */
function othersText(run: RunResult, point: Point): string {
  const { interval: _interval, method: _method, ...others } = point;
  const rest = pointText(run.scenario, others);
  return rest === '' ? '' : ` (${rest})`;
}

/** All of them, in their order: 'a heartbeat every 2.00 s, 4.00 s', 'TCP keep-alive after 2.00 s of silence'. */
function methodsText(run: RunResult, points: readonly Point[]): string {
  const times = (which: boolean, pick: (first: BeatRecord) => number): string =>
    points
      .filter((point) => isBeaten(run, point) === which)
      .flatMap((point) => {
        const first = firstAt(run, point);
        return first === undefined ? [] : `${seconds(pick(first))}${othersText(run, point)}`;
      })
      .join(', ');
  const beats = times(true, ({ heartbeatMs }) => heartbeatMs);
  const probes = times(false, ({ keepAliveMs }) => keepAliveMs);
  return [
    ...(beats === '' ? [] : [`a heartbeat every ${beats}`]),
    ...(probes === '' ? [] : [`TCP keep-alive after ${probes} of silence`]),
  ].join(', and with ');
}

function heartbeatFigure(run: RunResult, looks: readonly ArmLook[]): Markup | undefined {
  const known = run.points.filter((point) => firstAt(run, point) !== undefined);
  const order = [...new Set(known.flatMap((point) => nameOf(run, point) ?? []))];
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
    lookFor: `${
      isMixed(run, known)
        ? 'Heartbeats and TCP’s own probes stand side by side; what probes cost is not counted.'
        : 'The rarer heartbeats are, the less they cost, and the later dead peers are found.'
    } An arm that is missing above did not find all of them while it was watched.`,
    legend: armLegend(looks, []),
    panels,
    grid: true,
    notes: [
      'Bytes are those of the kernel at the server’s end, with all headers, answers and acknowledgements, less those of a window without heartbeats. TCP_USER_TIMEOUT, which would end a connection whose bytes are not acknowledged in time, cannot be set from Node.',
    ],
    data: table({
      label: 'Dead peers: who found them when, and what heartbeats cost',
      columns: [words('heartbeat'), words('arm'), ...PANELS.map(({ heading }) => figures(heading))],
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
