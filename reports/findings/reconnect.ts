/** What a cut in the middle of a load came to: when everybody was back, what the herd cost, what was lost. */
import { decodeHistogram, valueAtQuantile } from '../../core/histogram.ts';
import { median } from '../../core/median.ts';
import type { FaultRecord } from '../../core/records/fault.ts';
import type { Arm, Point, RunResult, Trial } from '../../core/result.ts';
import { formatMicroseconds, formatNumber, formatPercent } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import type { FigureText } from '../figure-text.ts';
import { figureText } from '../figure-text.ts';
import { armTag } from '../html/arm-look.ts';
import { overTimeChart } from '../html/charts/over-time.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { figureCell, figures, table, words } from '../html/table.ts';
import { isZero, timedValues, timeSeries } from '../html/time-series.ts';
import type { View } from '../html/view.ts';
import { countedOf } from '../html/view.ts';
import type { MetricId } from '../metrics/registry.ts';
import { metrics } from '../metrics/registry.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';

export const reconnectFinding: Finding = {
  applies: ({ scenario, trials }) =>
    scenario.name === 'reconnect' && trials.some(({ fault }) => fault !== undefined),
  answer: (run) =>
    ofEachPoint(run, (point) => [backSentence(run, point), priceSentence(run, point)]),
  figure: (view) => comebackFigure(view),
};

/** What the cuts did, behind 'after'. */
const DONE: Readonly<Record<string, (connections: string) => string>> = {
  rst: (connections) => `${connections} were reset`,
  fin: (connections) => `${connections} were ended in good order`,
  'half-open': (connections) => `${connections} were kept but forwarded no more`,
  restart: (connections) => `the server was killed with ${connections}`,
  'black-hole': (connections) => `the network dropped everything of ${connections}`,
};

function recordsOf(run: RunResult, arm: Arm, point: Point): FaultRecord[] {
  return countedTrials(run, arm.name, point).flatMap(({ fault }) => fault ?? []);
}

/** Arms of which something is known, candidates before the floor. */
function armsWith(run: RunResult, point: Point): Arm[] {
  return run.arms.filter((arm) => recordsOf(run, arm, point).length > 0);
}

function textOf(run: RunResult, arm: Arm, point: Point, id: MetricId): string {
  return figureText(run, arm, point, id).text;
}

function backSentence(run: RunResult, point: Point): string | undefined {
  const arms = armsWith(run, point);
  const first = arms[0] && recordsOf(run, arms[0], point)[0];
  if (first === undefined) return undefined;
  const { cut, planned, resume, strategy } = first;
  const connections = `${planned.toLocaleString('en-US')} connection${planned === 1 ? '' : 's'}`;
  const done = (DONE[cut] ?? ((all) => `${all} were cut`))(connections);
  if (strategy === 'none') return `After ${done}, clients stayed away, as they were told to.`;
  const away = arms.flatMap((arm) => {
    const { all } = awayOf(recordsOf(run, arm, point));
    return all === 0 ? [] : [`${all.toLocaleString('en-US')} over ${arm.title}`];
  });
  const backs = arms.map((arm) => {
    const [half, most, last] = (
      ['reconnect.back.p50', 'reconnect.back.p99', 'reconnect.back.max'] as const
    ).map((id) => textOf(run, arm, point, id));
    return half === '–' ? `${arm.title} nobody` : `${arm.title} after ${half}, ${most} and ${last}`;
  });
  return (
    `After ${done}${windowText(arms.flatMap((arm) => recordsOf(run, arm, point)))}, half, 99 of 100 and the last of the clients were back: ${backs.join('; ')}.` +
    (away.length === 0 ? '' : ` Never back: ${away.join(', ')}.`) +
    (resume ? '' : ' They were not given what they missed.')
  );
}

function awayOf(records: readonly FaultRecord[]): { all: number } {
  return { all: records.reduce((sum, { away }) => sum + away, 0) };
}

/** The window that no strategy can beat, as it was and not as it was planned. */
function windowText(records: readonly FaultRecord[]): string {
  const closed = median(
    records.flatMap(({ mendedAtMs, confirmed }) =>
      mendedAtMs === undefined ? [] : [mendedAtMs - confirmed.atMs],
    ),
  );
  return closed === undefined || closed < 50
    ? ''
    : ` and nobody was let in for ${formatMicroseconds(closed * 1_000)}`;
}

function priceSentence(run: RunResult, point: Point): string | undefined {
  const arms = armsWith(run, point);
  if (arms.length === 0) return undefined;
  const herd = arms.map((arm) => {
    const attempts = textOf(run, arm, point, 'reconnect.herd');
    const cpu = textOf(run, arm, point, 'reconnect.cpu');
    const share = cpu === '–' ? 'CPU not measured' : `${cpu} of a core in the busiest 100 ms`;
    return `${arm.title} ${attempts} attempts in the busiest second and ${share} of the server`;
  });
  return `The herd: ${herd.join('; ')}. ${lossText(run, point, arms)}`;
}

function lossText(run: RunResult, point: Point, arms: readonly Arm[]): string {
  const sums = arms.map((arm) => ({ arm, ...sumOf(countedTrials(run, arm.name, point)) }));
  if (sums.some(({ expected }) => expected === 0))
    return 'What was lost is not known of every arm.';
  const wrong = sums.filter(({ lost, duplicated, reordered }) => lost + duplicated + reordered > 0);
  if (wrong.length === 0) {
    const replayed = sums.map(
      ({ arm, replayed: count }) => `${count.toLocaleString('en-US')} over ${arm.title}`,
    );
    return `Nothing was lost, nothing came twice or out of order; replayed: ${replayed.join(', ')}.`;
  }
  const parts = wrong.map(({ arm, lost, expected, duplicated, reordered, predicted }) => {
    const twice = duplicated > 0 ? `, ${duplicated.toLocaleString('en-US')} came twice` : '';
    const disorder = reordered > 0 ? `, ${reordered.toLocaleString('en-US')} out of order` : '';
    const foreseen =
      predicted === undefined
        ? ''
        : ` (the time away predicts ${formatPercent(predicted / Math.max(1, expected))})`;
    return `${arm.title} ${formatPercent(lost / Math.max(1, expected))} of all deliveries${foreseen}${twice}${disorder}`;
  });
  return `Lost: ${parts.join('; ')}.`;
}

/** What at most once must lose, over all of them; undefined where clients were given what they missed. */
export function predictedOf(trials: readonly Trial[]): number | undefined {
  const losses = trials.flatMap(({ fault }) => fault?.loss ?? []);
  return losses.length < trials.length
    ? undefined
    : losses.reduce((total, { predicted }) => total + predicted, 0);
}

function sumOf(trials: readonly Trial[]) {
  const sum = (pick: (trial: Trial) => number | undefined): number =>
    trials.reduce((total, trial) => total + (pick(trial) ?? 0), 0);
  return {
    expected: sum(({ ledger }) => ledger?.expected),
    lost: sum(({ ledger }) => ledger?.lost),
    duplicated: sum(({ ledger }) => ledger?.duplicated),
    reordered: sum(({ ledger }) => ledger?.reordered),
    replayed: sum(({ fault }) => fault?.replayed),
    predicted: predictedOf(trials),
  };
}

type Step = FaultRecord['timeline'][number];

interface Signal {
  readonly title: string;
  readonly format: (value: number) => string;
  readonly height: number;
  pick(step: Step): number | undefined;
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const SIGNALS: readonly Signal[] = [
  {
    title: 'Connected clients',
    format: whole,
    height: 150,
    pick: ({ connected }) => connected,
  },
  {
    title: 'Attempts to connect, in 100 ms',
    format: whole,
    height: 90,
    pick: ({ attempts }) => attempts,
  },
  {
    title: 'Of them refused',
    format: whole,
    height: 64,
    pick: ({ refused }) => refused,
  },
  {
    title: 'CPU of the server, share of a core',
    format: (share) => `${formatNumber(share * 100)} %`,
    height: 64,
    pick: ({ serverCpu }) => serverCpu,
  },
  {
    title: 'Deliveries due then that never came',
    format: whole,
    height: 64,
    pick: ({ missing }) => missing,
  },
];

const TABLE = [
  'reconnect.detect.p50',
  'reconnect.detect.p99',
  'reconnect.back.p50',
  'reconnect.back.p90',
  'reconnect.back.p99',
  'reconnect.back.max',
  'reconnect.first.p50',
  'reconnect.first.p99',
  'reconnect.handshake.p50',
  'reconnect.handshake.p99',
  'reconnect.herd',
  'reconnect.refused.herd',
  'reconnect.cpu',
  'reconnect.attempts',
  'reconnect.refused',
  'reconnect.away',
  'reconnect.replayed',
  'reconnect.gaps',
  'reconnect.lost',
  'reconnect.lost.predicted',
] as const satisfies readonly MetricId[];

/** What the figure is called, what to look for in it, and the figures of its table. */
export interface ComebackWords {
  readonly title: string;
  readonly lookFor: string;
  readonly table: readonly MetricId[];
}

const CUT: ComebackWords = {
  title: 'The cut, and the way back',
  lookFor:
    'The band is the time in which nobody was let in. How steeply the clients come back after it is the herd; what is refused before its end was tried in vain.',
  table: TABLE,
};

/** Of any run with a fault: who was connected all through it, and what was tried. */
export function comebackFigure(view: View, say: ComebackWords = CUT): Markup | undefined {
  const records = view.looks.flatMap((look) =>
    countedOf(view, look).flatMap(({ fault }) => fault ?? []),
  );
  const [first] = records;
  if (first === undefined) return undefined;
  const drawn = SIGNALS.map((signal) => ({
    signal,
    series: timeSeries(view.looks, (look) =>
      countedOf(view, look).map(({ fault }) => timedValues(fault?.timeline ?? [], signal.pick)),
    ),
  })).filter(({ series, signal }) => signal === SIGNALS[0] || !isZero(series));
  const seconds = Math.max(
    ...records.map(({ timeline }) => ((timeline.at(-1)?.ms ?? 0) + 100) / 1_000),
  );
  const from = (median(records.map(({ confirmed }) => confirmed.atMs)) ?? 0) / 1_000;
  const to =
    (median(records.flatMap(({ mendedAtMs }) => mendedAtMs ?? [])) ?? from * 1_000) / 1_000;
  const missing = SIGNALS.filter((one) => !drawn.some(({ signal }) => signal === one));
  return figure({
    id: `comeback${view.suffix}`,
    title: say.title,
    lookFor: say.lookFor,
    legend: armLegend(view.looks, [
      ['line-merged', 'median of the rounds'],
      ['line-round', 'one round'],
    ]),
    panels: drawn.map(({ signal, series }, index) => ({
      id: `comeback${view.suffix}-${index}`,
      heading: signal.title,
      label: `${signal.title} over the time of the load, per arm`,
      spec: overTimeChart(series, {
        format: signal.format,
        height: signal.height,
        scale: 'zero',
        jumps: true,
        band: [from, to],
        seconds,
        title: 'seconds since the start of the load',
        last: index === drawn.length - 1,
      }),
    })),
    notes: [
      `What was cut: ${confirmation(records)}.`,
      ...(missing.length === 0
        ? []
        : [
            `Zero all the time or not measured, so not drawn: ${missing.map(({ title }) => title.toLowerCase()).join(', ')}.`,
          ]),
    ],
    data: html`${table({
      label: 'The cut and the way back, in figures',
      columns: [words('figure'), ...view.looks.map((look) => figures(armTag(look)))],
      rows: say.table.map((id) => [
        metrics[id].title,
        ...view.looks.map((look) => figureCell(cellText(view, look.arm, id))),
      ]),
    })}${refusalTable(view)}`,
  });
}

function cellText({ run, point }: View, arm: Arm, id: MetricId): FigureText {
  return figureText(run, arm, point, id);
}

/** Who says that it happened. */
function confirmation(records: readonly FaultRecord[]): string {
  const counts = records.map(({ confirmed }) => confirmed.count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const range = least === most ? whole(least) : `${whole(least)} to ${whole(most)}`;
  const noticed = median(
    records.flatMap(({ detected }) => valueAtQuantile(decodeHistogram(detected), 0.5) ?? []),
  );
  const by = (records[0]?.confirmed.by ?? '').replace(/ \d+ /, ' ');
  const seen =
    noticed === undefined ? '' : `, noticed after ${formatMicroseconds(noticed)} (median)`;
  return `${range} connections in each trial, says ${by}${seen}`;
}

function refusalTable(view: View): Markup | undefined {
  const rows = view.looks.flatMap((look) => {
    const sums = new Map<string, number>();
    for (const { fault } of countedOf(view, look)) {
      for (const { cause, count } of fault?.refusals ?? []) {
        // The port is another in every trial.
        const key = cause.replace(/ [\d.:[\]a-f]+:\d+$/, '');
        sums.set(key, (sums.get(key) ?? 0) + count);
      }
    }
    return [...sums].map(([cause, count]) => [armTag(look), cause, whole(count)]);
  });
  if (rows.length === 0) return undefined;
  return table({
    label: 'Why attempts were refused, over all rounds',
    columns: [words('arm'), words('cause'), figures('attempts')],
    rows,
  });
}
