/** What a long load came to: whether memory, descriptors or timers grew, and whether latency drifted. */
import { SHORTEST_SERIES } from '../../core/leak.ts';
import { median } from '../../core/median.ts';
import type { SoakRecord } from '../../core/records/soak.ts';
import type { Arm, Point, RunResult, Trial } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatBytes, formatChange, formatMicroseconds, formatNumber } from '../../core/units.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armTag } from '../html/arm-look.ts';
import type { SoakSeries } from '../html/charts/soak.ts';
import { soakChart } from '../html/charts/soak.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { shareText } from '../html/share-text.ts';
import { figures, table, words } from '../html/table.ts';
import type { View } from '../html/view.ts';
import type { Amount, Drift, LatencyQuantile, Side } from '../soak-trends.ts';
import { amountsOf, growthOf, heldBytes, latencyOf, residentBytes } from '../soak-trends.ts';
import type { DriftVerdict, Slope, SoakVerdict } from '../soak-verdict.ts';
import { judgeDrifts, soakVerdict } from '../soak-verdict.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';

export const soakFinding: Finding = {
  applies: ({ trials }) => trials.some(({ soak }) => soak !== undefined),
  answer(run) {
    const of = new Map(run.points.map((point) => [pointName(point), saidAt(run, point)]));
    const drifts = judgedDrifts(run, [...of.values()].flat());
    return ofEachPoint(run, (point) => {
      const all = of.get(pointName(point)) ?? [];
      return [shortText(all), ...all.map((one) => longText(one, run, drifts))];
    });
  },
  figure: soakFigure,
};

function saidAt(run: RunResult, point: Point): Said[] {
  return run.arms.flatMap((arm) =>
    soaksOf(run, arm, point).map(({ trial, record }): Said => {
      const round = run.options.rounds > 1 ? `, round ${trial.round + 1}` : '';
      return { name: `${arm.title}${round}`, trial, record, said: soakVerdict(record) };
    }),
  );
}

/** All drifts of a run are judged together: with every one more, chance has one more to move. */
function judgedDrifts(run: RunResult, all: readonly Said[]): ReadonlyMap<Drift, DriftVerdict> {
  const drifts = all
    .filter((one) => brokenCheck(one.trial) === undefined)
    .flatMap(({ said: { p50, p99 } }) => [p50, p99].filter((drift) => drift !== undefined));
  const verdicts = judgeDrifts(drifts, run.options.margin);
  return new Map(drifts.map((drift, index) => [drift, verdicts[index] ?? 'unclear']));
}

/**
 * All but those that were run again. Of one that ended before its time, what it saw until then is no worse,
 * also where another took its place: servers that run out of memory end like that. And whatever disturbed a
 * trial for hours makes its latency worthless, but plants no leak.
 */
function soaksOf(
  run: RunResult,
  arm: Arm,
  point: Point,
): { readonly trial: Trial; readonly record: SoakRecord }[] {
  return run.trials
    .filter((trial) => trial.arm === arm.name && pointName(trial.point) === pointName(point))
    .filter(
      ({ excluded, outcome }) =>
        outcome === 'failed' || excluded?.startsWith('its round was run again') !== true,
    )
    .flatMap((trial) => (trial.soak === undefined ? [] : [{ trial, record: trial.soak }]));
}

function timeText(seconds: number): string {
  if (seconds >= 7_200) return `${formatNumber(seconds / 3_600)} hours`;
  return seconds >= 600 ? `${formatNumber(seconds / 60)} minutes` : `${formatNumber(seconds)} s`;
}

interface Said {
  /** The arm, and the round where there are several. */
  readonly name: string;
  readonly trial: Trial;
  readonly record: SoakRecord;
  readonly said: SoakVerdict;
}

/** What can stand alone. */
function shortText(all: readonly Said[]): string {
  const of = (verdict: SoakVerdict['memory']): Said[] =>
    all.filter(({ said }) => said.memory === verdict);
  const names = (some: readonly Said[]): string => {
    const times = new Set(some.map(({ said }) => timeText(said.seconds)));
    const [time = ''] = times;
    return times.size === 1
      ? `${some.map(({ name }) => name).join(' and ')} in ${time}`
      : some.map(({ name, said }) => `${name} in ${timeText(said.seconds)}`).join(' and ');
  };
  const [leak, none, unknown] = [of('leak'), of('none'), of(undefined)];
  const rise = of('rise').filter(({ said }) => !said.outside);
  const outside = of('rise').filter(({ said }) => said.outside);
  return [
    ...all.filter(({ trial }) => trial.outcome === 'failed').map(endedText),
    ...leak.map(
      ({ name, record, said }) =>
        `Memory grew all the time over ${name}, as it does with a leak: ${leakText(said, record)}.`,
    ),
    ...(rise.length === 0
      ? []
      : [
          `Memory rose over ${names(rise)}, but not for certain all the time: it may be settling, so only a longer run tells.`,
        ]),
    ...outside.map(
      ({ name, record, said }) =>
        `Resident memory grew all the time over ${name}, and what JavaScript holds did not: ${leakText(said, record)}. The allocator may be keeping pages, or native code leaks; only a longer run tells.`,
    ),
    ...(none.length === 0 ? [] : [`No leak was found over ${names(none)}.`]),
    ...(unknown.length === 0
      ? []
      : [
          `Too short to say whether memory grows: ${names(unknown)}; ${SHORTEST_SERIES} looks are the least.`,
        ]),
  ].join(' ');
}

/** What ended it, and how memory had moved by then. */
function endedText({ name, trial, said, record }: Said): string {
  const until = fastest(said);
  const ended = `${name} ended after ${timeText(said.seconds)}, before its time: ${whyText(trial)}.`;
  // Then the sentence about the leak has it.
  if (said.memory === 'leak') return ended;
  return until === undefined
    ? `${ended} That is too short for a slope of memory.`
    : `${ended} Until then memory changed by ${growthText(until, record)}.`;
}

const whyText = ({ says = 'nobody knows why' }: Trial): string => says.replace(/\.$/, '');

const signed = (bytes: number): string =>
  `${bytes > 0 ? '+' : ''}${formatBytes(bytes)}`.replace('-', '−');
const moreText = (bytes: number): string =>
  `${formatBytes(Math.abs(bytes))} ${bytes < 0 ? 'less' : 'more'}`;
const perHour = (bytesPerS: number): string => signed(bytesPerS * 3_600);
const slopeText = ({ slope, low, high }: Slope): string =>
  `${perHour(slope)} per hour (95 % interval ${perHour(low)} to ${perHour(high)})`;

/** The faster of the two: a leak inside memory that was resident already shows in one only. */
function fastest({ resident, held }: SoakVerdict): Slope | undefined {
  const both = [resident, held].filter((one) => one !== undefined);
  return both.reduce<Slope | undefined>(
    (most, one) => (most === undefined || one.slope > most.slope ? one : most),
    undefined,
  );
}

function leakText(said: SoakVerdict, record: SoakRecord): string {
  const worst = fastest(said);
  if (worst === undefined) return 'by how much was not measured';
  const doubt = said.mayBeGarbage ? '; no collection was seen, so some of it may be garbage' : '';
  return `${growthText(worst, record)}${doubt}`;
}

function growthText(slope: Slope, { ratePerS }: SoakRecord): string {
  const each = ratePerS > 0 ? `, ${signed(slope.slope / ratePerS)} per message` : '';
  return `${slopeText(slope)}${each}`;
}

function longText(
  { name, trial, said, record }: Said,
  { options: { margin } }: RunResult,
  drifts: ReadonlyMap<Drift, DriftVerdict>,
): string {
  const cut = trial.outcome === 'failed' ? ', cut off in the middle' : '';
  const load = `${record.ratePerS.toLocaleString('en-US')} messages/s to ${record.clients.toLocaleString('en-US')} clients`;
  return `${name}, ${load}, ${timeText(said.seconds)}${cut}: ${[
    memoryText(said, record),
    countText(said),
    driftText(said, trial, drifts, shareText(margin)),
  ].join(' ')}`;
}

function memoryText({ resident, held, live, looks }: SoakVerdict, { samples }: SoakRecord): string {
  if (samples.every(({ server }) => server.rssBytes === undefined)) {
    return 'Nothing is known of the memory of the server.';
  }
  const parts = [
    ...(live === undefined
      ? []
      : [`after a forced collection the server held ${moreText(live)} than before the load`]),
    ...(resident === undefined
      ? [`${looks} looks are too few for a slope`]
      : [`its resident memory changed by ${slopeText(resident)}`]),
    ...(held === undefined ? [] : [`what JavaScript holds by ${slopeText(held)}`]),
  ];
  const limit =
    resident === undefined ? '' : '; a leak slower than the upper ends takes a longer run to see';
  return `${parts.join(', ')}${limit}.`;
}

function countText({ counts }: SoakVerdict): string {
  if (counts.length === 0) return 'Descriptors and timers: too few looks to say.';
  const moved = counts.filter(({ first, last }) => first !== last);
  const still = counts.filter(({ first, last }) => first === last);
  const text = (value: number): string => value.toLocaleString('en-US');
  const parts = [
    ...moved.map(
      ({ name, first, last }) =>
        `${name} ${last > first ? 'rose' : 'fell'} from ${text(first)} to ${text(last)}`,
    ),
    ...(still.length === 0
      ? []
      : [`${still.map(({ name, last }) => `${name} at ${text(last)}`).join(', ')} as before`]),
  ].join(', ');
  return `${parts.charAt(0).toUpperCase()}${parts.slice(1)}.`;
}

const changeText = ({ change, low, high }: Drift): string =>
  `${formatChange(1 + change)} (${formatChange(1 + low)} to ${formatChange(1 + high)})`;

/** What makes the latency of a whole trial worthless; that it was cut off does not. */
const brokenCheck = ({ outcome, validity }: Trial) =>
  outcome === 'completed' ? validity.checks.find(({ ok }) => ok === 'invalid') : undefined;

function driftText(
  { p50, p99 }: SoakVerdict,
  trial: Trial,
  drifts: ReadonlyMap<Drift, DriftVerdict>,
  margin: string,
): string {
  const broken = brokenCheck(trial);
  if (broken !== undefined) {
    return `Nothing is said of latency: ${broken.says} (${broken.title}).`;
  }
  if (p50 === undefined || p99 === undefined) return 'Too few looks to say whether latency drifts.';
  const of = (verdict: DriftVerdict): string =>
    Object.entries({ p50, p99 })
      .filter(([, drift]) => drifts.get(drift) === verdict)
      .map(([name, drift]) => `${name} ${changeText(drift)}`)
      .join(', ');
  const [drift, none, unclear] = [of('drift'), of('none'), of('unclear')];
  return [
    ...(drift === ''
      ? []
      : [`Latency drifted by more than ${margin} from start to end: ${drift}.`]),
    ...(none === '' ? [] : [`No drift of latency beyond ${margin} from start to end: ${none}.`]),
    ...(unclear === ''
      ? []
      : [`Whether latency drifts by more than ${margin} is unclear: ${unclear}.`]),
  ].join(' ');
}

interface PanelPlan {
  readonly id: string;
  readonly heading: string;
  readonly format: (value: number) => string;
  readonly height: number;
  readonly bytes?: boolean;
  readonly zero?: boolean;
  of(record: SoakRecord): Omit<SoakSeries, 'look' | 'round'>;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const memoryPanel = (id: string, heading: string, side: Side, amount: Amount): PanelPlan => ({
  id,
  heading,
  format: formatBytes,
  height: 130,
  bytes: true,
  of(record) {
    const points = amountsOf(record, side, amount);
    const growth = growthOf(record, side, amount);
    const [first, last] = [growth?.floor[0], growth?.floor.at(-1)];
    if (growth === undefined || first === undefined || last === undefined) return { points };
    const { slope, intercept } = growth.fit;
    const at = ({ x }: { x: number }) => ({ x, y: intercept + slope * x });
    return { points, floor: growth.floor, line: [at(first), at(last)] };
  },
});

const latencyPanel = (id: string, heading: string, quantile: LatencyQuantile): PanelPlan => ({
  id,
  heading,
  format: formatMicroseconds,
  height: 80,
  zero: true,
  of: (record) => ({ points: latencyOf(record, quantile) }),
});

const PANELS: readonly PanelPlan[] = [
  memoryPanel('resident', 'Resident memory of the server', 'server', residentBytes),
  memoryPanel('held', 'What JavaScript in the server holds, garbage included', 'server', heldBytes),
  memoryPanel('generator', 'Resident memory of the generator', 'generator', residentBytes),
  {
    id: 'descriptors',
    heading: 'Descriptors of the server',
    format: whole,
    height: 64,
    zero: true,
    of: (record) => ({ points: amountsOf(record, 'server', ({ descriptors }) => descriptors) }),
  },
  {
    id: 'timers',
    heading: 'Timers of the server',
    format: whole,
    height: 64,
    zero: true,
    of: (record) => ({ points: amountsOf(record, 'server', ({ timers }) => timers) }),
  },
  latencyPanel('p50', 'Latency p50 between two looks', 0.5),
  latencyPanel('p99', 'Latency p99 between two looks', 0.99),
];

function soakFigure(view: View): Markup | undefined {
  const { run, point, looks } = view;
  const records = looks.flatMap((look) =>
    soaksOf(run, look.arm, point).map(({ trial, record }) => ({ look, trial, record })),
  );
  const [first] = records;
  if (first === undefined) return undefined;
  const drawn = PANELS.map((panel) => ({
    panel,
    series: records
      .map(
        ({ look, trial, record }): SoakSeries => ({
          look,
          round: trial.round,
          ...panel.of(record),
        }),
      )
      .filter(({ points }) => points.length > 0),
  })).filter(({ series }) => series.length > 0);
  const id = `soak${view.suffix}`;
  const seconds = Math.max(1, ...records.map(({ record }) => lastSecond(record)));
  const missing = PANELS.filter((one) => !drawn.some(({ panel }) => panel === one));
  return figure({
    id,
    title: 'What grew, and what did not',
    lookFor:
      'Garbage makes memory a saw. The dots are its lowest points; a leak lifts them all the time, and the line through them is how fast.',
    legend: armLegend(looks, [
      ['line-merged', 'line through the lowest points'],
      ['line-round', 'every look'],
    ]),
    panels: drawn.map(({ panel, series }, index) => ({
      id: `${id}-${panel.id}`,
      heading: panel.heading,
      label: `${panel.heading} over the time of the load, per arm`,
      spec: soakChart(series, {
        format: panel.format,
        height: panel.height,
        seconds,
        bytes: panel.bytes === true,
        zero: panel.zero === true,
        last: index === drawn.length - 1,
      }),
    })),
    notes: [
      `Looked at every ${formatMicroseconds(first.record.intervalMs * 1_000)}. The first fifth is left out of the lines: memory grows to its working size then. Their intervals allow for neighbours being alike (low-frequency waves of the residuals, as Lazarus, Lewis, Stock and Watson have it).`,
      ...(missing.length === 0
        ? []
        : [
            `Not measured on this machine: ${missing.map(({ heading }) => heading.toLowerCase()).join(', ')}.`,
          ]),
    ],
    data: html`${records.map(({ look, trial, record }) => soakTable(look, trial, record))}`,
  });
}

const lastSecond = ({ samples }: SoakRecord): number => (samples.at(-1)?.atMs ?? 0) / 1_000;

/** Rows of a table that somebody would read. */
const ROWS = 12;

function soakTable(look: ArmLook, trial: Trial, record: SoakRecord): Markup {
  const size = Math.max(1, Math.ceil(record.samples.length / ROWS));
  const parts = Array.from({ length: Math.ceil(record.samples.length / size) }, (_, part) => ({
    ...record,
    samples: record.samples.slice(part * size, (part + 1) * size),
  }));
  return table({
    label: `Medians of ${size} looks each: ${look.name}, round ${trial.round + 1}`,
    columns: [
      words(html`${armTag(look)} until second`),
      ...PANELS.map(({ heading }) => figures(heading)),
    ],
    rows: parts.map((part): Content[] => [
      whole(lastSecond(part)),
      ...PANELS.map(({ of, format }) => {
        const value = median(of(part).points.map(({ y }) => y));
        return value === undefined ? '–' : format(value);
      }),
    ]),
  });
}
