/** What a message costs by its size, and where the protocols change places. */

import { median } from '../../core/median.ts';
import type { Arm, RunResult } from '../../core/result.ts';
import { formatBytes } from '../../core/units.ts';
import { FEWEST_ROUNDS } from '../../core/verdict.ts';
import { pairRounds, pairsOf } from '../compare-arms.ts';
import type { Crossing, Side } from '../crossing.ts';
import { crossingsOf, sidesOf } from '../crossing.ts';
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
    const arms = candidatesOf(run);
    return [cpuSentence(run, arms), wireSentence(run, arms), speedSentence(run, arms)].flatMap(
      (one) => one ?? [],
    );
  },
  // One figure over all sizes, before those of single sizes.
  figure: () => undefined,
  overview: sizesFigure,
};

const candidatesOf = ({ arms }: RunResult): Arm[] =>
  arms.filter(({ role }) => role === 'candidate');

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
  return `A delivery takes the server ${parts.join(', ')}${crossText(run, 'server.cpu')}`;
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
  return `On the wire framing adds to a message of ${size(least)} and to one of ${size(most)}: ${parts.join(', ')}${crossText(run, 'wire.bytes')}`;
}

/** Of the time at full speed: more than this, and it is not the server that is the limit. */
const HELD_BACK = 0.1;

function speedSentence(run: RunResult, arms: readonly Arm[]): string | undefined {
  const all = sizesOf(run);
  const parts = arms.flatMap(({ name, title }) => {
    const known = all.flatMap((at) => {
      const messages = figureAt(run, name, at, 'flood.messages');
      const text = `${formatMetric('/s', messages)} of ${size(at)} (${formatMetric('B/s', figureAt(run, name, at, 'flood.bytes'))})`;
      return messages === undefined ? [] : [text];
    });
    const [first, last] = [known[0], known.at(-1)];
    return first === undefined || last === undefined || first === last
      ? []
      : [`${title} ${first} and ${last}`];
  });
  if (parts.length === 0) return undefined;
  const held = arms.flatMap(({ name, title }) => {
    const sizes = all.filter((at) => (figureAt(run, name, at, 'flood.held') ?? 0) > HELD_BACK);
    return sizes.length === 0 ? [] : [`${title} at ${sizes.map(size).join(', ')}`];
  });
  const limit =
    held.length === 0
      ? ''
      : ` The receivers, and not the server, were the limit of ${held.join(' and of ')}: there the server could do more.`;
  return `As fast as clients take them, so many are delivered per second: ${parts.join(', ')}${crossText(run, 'flood.bytes')}${limit}`;
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

/** What the pairs of arms come to over all sizes: the rest of a sentence, and sentences of their own for several. */
function crossText(run: RunResult, id: MetricId): string {
  const pairs = pairsAlongSizes(run, id).filter(({ sides }) => sides.length > 0);
  const texts = pairs.map(({ arm, against, sides }) => {
    const [from, to] = [sides[0]?.at ?? 0, sides.at(-1)?.at ?? 0];
    const less = metrics[id].better === 'lower' ? 'takes less' : 'is slower';
    const who = pairs.length === 1 ? 'they' : `${arm.title} and ${against.title}`;
    return crossingsOf(sides)
      .map((one) => crossingText(one, { arm, against, from, to, less, who }))
      .join(' and ');
  });
  if (texts.length === 0) return '.';
  return pairs.length === 1 ? `; ${texts[0]}.` : `. Over the sizes, ${texts.join('; ')}.`;
}

interface CrossingWords {
  readonly arm: Arm;
  readonly against: Arm;
  readonly from: number;
  readonly to: number;
  /** What the lesser figure means. */
  readonly less: string;
  readonly who: string;
}

function crossingText(
  crossing: Crossing,
  { arm, against, from, to, less, who }: CrossingWords,
): string {
  const range = `between ${size(from)} and ${size(to)}`;
  switch (crossing.kind) {
    case 'crosses': {
      const below = crossing.firstBelow ? arm : against;
      const between = `${size(crossing.from)} and ${size(crossing.to)}`;
      return crossing.at === undefined
        ? `${who} cross somewhere between ${between} (too close to tell in between), below which ${below.title} ${less}`
        : `${who} cross at about ${size(crossing.at)} (interpolated between ${between}), below which ${below.title} ${less}`;
    }
    case 'apart': {
      const lesser = (crossing.firstLess ? arm : against).title;
      return crossing.sure === crossing.of
        ? `${who} do not cross ${range}: ${lesser} ${less} at every size`
        : `${who} do not surely cross ${range}: ${lesser} ${less} at ${crossing.sure} of ${crossing.of} sizes, and at the others no difference is sure`;
    }
    case 'level':
      return crossing.tested
        ? `no difference of ${who === 'they' ? 'them' : who} is sure at any size when it is held against chance at all of them, so nothing shows that they cross ${range}`
        : `fewer than ${FEWEST_ROUNDS} rounds cannot tell whether ${who} cross`;
  }
}

interface PairAlongSizes {
  readonly arm: Arm;
  readonly against: Arm;
  readonly sides: readonly Side[];
}

/** All pairs together: a difference is sure only where it is so beside all others of the metric. */
function pairsAlongSizes(run: RunResult, id: MetricId): PairAlongSizes[] {
  const pairs = pairsOf(candidatesOf(run));
  const sweeps = pairs.map(([arm, against]) =>
    sizesOf(run).flatMap((at) => {
      const rounds = pairRounds(run, { payload: at }, arm.name, against.name, id);
      const logRatios = rounds.flatMap(([a, b]) =>
        a > 0 && b > 0 ? [Math.log(a) - Math.log(b)] : [],
      );
      return logRatios.length === 0 ? [] : [{ at, logRatios }];
    }),
  );
  const sides = sidesOf(sweeps);
  return pairs.map(([arm, against], index) => ({ arm, against, sides: sides[index] ?? [] }));
}

const PANELS = [
  { id: 'server.cpu', heading: 'CPU of the server per delivery' },
  { id: 'generator.cpu', heading: 'CPU of the receiver per delivery' },
  { id: 'wire.bytes', heading: 'Bytes on the wire per delivery' },
  { id: 'flood.bytes', heading: 'Payload delivered at full speed' },
] as const satisfies readonly { id: MetricId; heading: string }[];

function sizesFigure(run: RunResult, looks: readonly ArmLook[]): Markup | undefined {
  const all = sizesOf(run);
  const panels = PANELS.map(({ id, heading }): SizePanel => {
    const crossings = pairsAlongSizes(run, id).flatMap(({ sides }) => crossingsOf(sides));
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
    lookFor: `Both axes are logarithmic. Where a line is level, the message costs what it costs whatever its size; where it rises by a factor of ten per factor of ten, every byte costs the same. In the panel at full speed more is better, in the others less. ${
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
      `CPU and bytes are of a load that is given (${rateText(run)}), at a lower rate the larger the message: what a process does anyway is shared by fewer deliveries then. CPU at full speed, in the table, has no such share.`,
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
  'flood.messages',
  'flood.bytes',
  'flood.held',
  'flood.cpu',
] as const satisfies readonly MetricId[];

/** Where nothing was run at full speed: what there was before there was that. */
const GIVEN_LOAD = [
  ...COLUMNS.slice(0, 3),
  'volume.messages',
  'volume.bytes',
] as const satisfies readonly MetricId[];

function sizesTable(run: RunResult, looks: readonly ArmLook[], sizes: readonly number[]): Markup {
  const cell = (arm: string, at: number, id: MetricId): Content =>
    formatMetric(metrics[id].unit, figureAt(run, arm, at, id));
  const columns: readonly MetricId[] = run.trials.some(
    ({ metrics }) => metrics['flood.bytes'] !== undefined,
  )
    ? COLUMNS
    : GIVEN_LOAD;
  return html`${looks.map((look) =>
    table({
      label: `Cost by size: ${look.name}`,
      columns: [
        words(armTag(look)),
        ...columns.map((id) => figures(metrics[id].title)),
        figures('framing'),
      ],
      rows: sizes.map((at): Content[] => [
        size(at),
        ...columns.map((id) => cell(look.arm.name, at, id)),
        formatMetric('B', framingAt(run, look.arm.name, at)),
      ]),
    }),
  )}`;
}
