/** What a message costs by its size, and where the protocols change places. */

import { median } from '../../core/median.ts';
import type { Arm, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatBytes } from '../../core/units.ts';
import type { Crossing, Side } from '../crossing.ts';
import { crossingsOf } from '../crossing.ts';
import { countedTrials } from '../derive.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armTag } from '../html/arm-look.ts';
import type { SizePanel, SizePoint } from '../html/charts/size-curve.ts';
import { sizeCurveChart } from '../html/charts/size-curve.ts';
import { tickText } from '../html/charts/theme.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { figures, table, words } from '../html/table.ts';
import { formatMetric } from '../metric.ts';
import type { MetricId } from '../metrics/registry.ts';
import { metrics } from '../metrics/registry.ts';
import type { Finding } from './finding.ts';

export const sizesFinding: Finding = {
  applies: (run) => sizesOf(run).length > 1,
  answer(run) {
    const pair = run.arms.filter(({ role }) => role === 'candidate').slice(0, 2);
    return [cpuSentence(run, pair), wireSentence(run, pair)].flatMap((one) => one ?? []);
  },
  // One figure over all sizes, before those of single sizes.
  figure: () => undefined,
  overview: sizesFigure,
};

/** The payloads of a sweep over nothing else, ascending. */
function sizesOf(run: RunResult): number[] {
  const found = run.points.flatMap((point) => {
    const { payload, ...others } = point;
    return typeof payload === 'number' && Object.keys(others).length === 0 ? [payload] : [];
  });
  return found.length === run.points.length ? found.sort((a, b) => a - b) : [];
}

/** '64 KiB', '16 B': without the zeros of a precision that nobody asked for. */
const size = (bytes: number): string => tickText(formatBytes(bytes));

function cpuSentence(run: RunResult, arms: readonly Arm[]): string | undefined {
  const parts = arms.flatMap(({ name, title }) => {
    const known = sizesOf(run).flatMap((at) => {
      const value = figureAt(run, name, at, 'server.cpu');
      return value === undefined ? [] : [{ at, text: formatMetric('ns', value) }];
    });
    const [first, last] = [known[0], known.at(-1)];
    return first === undefined || last === undefined || first === last
      ? []
      : [
          `${first.text} of CPU at ${size(first.at)} and ${last.text} at ${size(last.at)} over ${title}`,
        ];
  });
  if (parts.length === 0) return undefined;
  return `A delivery takes the server ${parts.join(', ')}${crossText(run, arms, 'server.cpu')}.`;
}

function wireSentence(run: RunResult, arms: readonly Arm[]): string | undefined {
  const [least, most] = [sizesOf(run)[0], sizesOf(run).at(-1)];
  if (least === undefined || most === undefined) return undefined;
  const parts = arms.flatMap(({ name, title }) => {
    const [small, large] = [least, most].map((at) => framingAt(run, name, at));
    return small === undefined || large === undefined
      ? []
      : [`${title} ${size(small)} and ${size(large)}`];
  });
  if (parts.length === 0) return undefined;
  return `On the wire framing adds to a message of ${size(least)} and to one of ${size(most)}: ${parts.join(', ')}${crossText(run, arms, 'wire.bytes')}.`;
}

/** Median of the rounds. */
function figureAt(run: RunResult, arm: string, at: number, id: MetricId): number | undefined {
  return median(valuesAt(run, arm, at, id));
}

function valuesAt(run: RunResult, arm: string, at: number, id: MetricId): number[] {
  return countedTrials(run, arm, { payload: at }).flatMap((trial) => trial.metrics[id] ?? []);
}

/** What is read per message beside the message itself. */
function framingAt(run: RunResult, arm: string, at: number): number | undefined {
  const bytes = figureAt(run, arm, at, 'wire.bytes');
  return bytes === undefined ? undefined : bytes - at;
}

function crossText(run: RunResult, [a, b]: readonly Arm[], id: MetricId): string {
  if (a === undefined || b === undefined) return '';
  const sides = sidesOf(run, a, b, id);
  if (sides.length === 0) return '';
  const [from, to] = [sides[0]?.at ?? 0, sides.at(-1)?.at ?? 0];
  const texts = crossingsOf(sides).map((one) => crossingText(one, a, b, from, to));
  return `; ${texts.join(' and ')}`;
}

function crossingText(crossing: Crossing, a: Arm, b: Arm, from: number, to: number): string {
  const range = `between ${size(from)} and ${size(to)}`;
  switch (crossing.kind) {
    case 'crosses': {
      const below = crossing.firstBelow ? a : b;
      const between = `${size(crossing.from)} and ${size(crossing.to)}`;
      return crossing.at === undefined
        ? `they cross somewhere between ${between} (too close to tell in between), below which ${below.title} takes less`
        : `they cross at about ${size(crossing.at)} (interpolated between ${between}), below which ${below.title} takes less`;
    }
    case 'apart': {
      const less = crossing.firstLess ? a : b;
      return `they do not cross ${range}: ${less.title} takes less at ${crossing.sure} of ${crossing.of} sizes, and at the others no difference is sure`.replace(
        `at ${crossing.of} of ${crossing.of} sizes, and at the others no difference is sure`,
        'at every size',
      );
    }
    case 'level':
      return crossing.tested
        ? `no difference is sure at any size, so nothing shows that they cross ${range}`
        : 'with one round a crossing cannot be told from noise';
  }
}

function sidesOf(run: RunResult, a: Arm, b: Arm, id: MetricId): Side[] {
  return sizesOf(run).flatMap((at) => {
    const found = run.comparisons.find(
      (one) =>
        one.metric === id &&
        one.arm === a.name &&
        one.against === b.name &&
        pointName(one.point) === pointName({ payload: at }),
    );
    return found?.ratio === undefined
      ? []
      : [{ at, ratio: found.ratio, low: found.low, high: found.high }];
  });
}

const PANELS = [
  { id: 'server.cpu', heading: 'CPU of the server per delivery' },
  { id: 'generator.cpu', heading: 'CPU of the receiver per delivery' },
  { id: 'wire.bytes', heading: 'Bytes on the wire per delivery' },
] as const satisfies readonly { id: MetricId; heading: string }[];

function sizesFigure(run: RunResult, looks: readonly ArmLook[]): Markup | undefined {
  const all = sizesOf(run);
  const [a, b] = run.arms.filter(({ role }) => role === 'candidate');
  const panels = PANELS.map(({ id, heading }): SizePanel => {
    const crossings = a === undefined || b === undefined ? [] : crossingsOf(sidesOf(run, a, b, id));
    return {
      heading,
      unit: metrics[id].unit,
      points: pointsOf(run, looks, all, id),
      crossings: crossings.flatMap((one) => (one.kind === 'crosses' ? (one.at ?? []) : [])),
    };
  }).filter(({ points }) => points.length > 0);
  if (panels.length === 0) return undefined;
  const crossed = panels.some(({ crossings }) => crossings.length > 0);
  return figure({
    id: 'sizes',
    title: 'What a delivery costs by the size of the message',
    lookFor: `Both axes are logarithmic. Where a line is level, the message costs what it costs whatever its size; where it rises by a factor of ten per factor of ten, every byte costs the same. ${
      crossed
        ? 'A dashed line marks a size at which the arms change places.'
        : 'No two neighbouring sizes show the arms surely changing places.'
    }`,
    legend: armLegend(looks),
    grid: true,
    panels: panels.map((panel, index) => ({
      id: `sizes-${index}`,
      heading: panel.heading,
      label: `${panel.heading} of each arm against the size of the message`,
      spec: sizeCurveChart(panel, all, size),
    })),
    notes: [
      'Small marks are single rounds, lines go through their medians. Messages below 75 B carry no time of sending, so latency from sending is not measured there.',
      `Per second of server CPU stands in the table: the load is given (${rateText(run)}), so a rate per second of the clock would only say what was asked for.`,
    ],
    data: sizesTable(run, looks, all),
  });
}

function rateText({ params }: RunResult): string {
  const { volume } = params;
  return typeof volume === 'number'
    ? `${size(volume)}/s of payload, as far as the highest rate goes`
    : 'as many messages for every size';
}

function pointsOf(
  run: RunResult,
  looks: readonly ArmLook[],
  sizes: readonly number[],
  id: MetricId,
): SizePoint[] {
  return looks.flatMap((look) =>
    sizes.flatMap((at) => {
      const rounds = valuesAt(run, look.arm.name, at, id);
      const middle = median(rounds);
      return middle === undefined ? [] : [{ look, at, middle, rounds }];
    }),
  );
}

const COLUMNS = [
  'server.cpu',
  'generator.cpu',
  'wire.bytes',
  'volume.messages',
  'volume.bytes',
] as const satisfies readonly MetricId[];

function sizesTable(run: RunResult, looks: readonly ArmLook[], sizes: readonly number[]): Markup {
  const cell = (arm: string, at: number, id: MetricId): Content =>
    formatMetric(metrics[id].unit, figureAt(run, arm, at, id));
  return html`${looks.map((look) =>
    table({
      label: `Cost by size: ${look.name}`,
      columns: [
        words(armTag(look)),
        ...COLUMNS.map((id) => figures(metrics[id].title)),
        figures('framing'),
      ],
      rows: sizes.map((at): Content[] => [
        size(at),
        ...COLUMNS.map((id) => cell(look.arm.name, at, id)),
        formatMetric('B', framingAt(run, look.arm.name, at)),
      ]),
    }),
  )}`;
}
