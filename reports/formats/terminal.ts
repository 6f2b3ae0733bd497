/** A run on a terminal: verdict sentences, one table per point, warnings, and where the files are. */
import Table from 'cli-table3';
import pc from 'picocolors';
import { median } from '../../core/median.ts';
import type { Arm, Point, RunComparison, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import {
  formatChange,
  formatMicroseconds,
  formatNanoseconds,
  formatNumber,
} from '../../core/units.ts';
import { figureText } from '../figure-text.ts';
import { answersOf } from '../findings/registry.ts';
import type { Metric } from '../metric.ts';
import type { MetricId } from '../metrics/registry.ts';
import { isMetricId, metrics } from '../metrics/registry.ts';
import {
  describePoint,
  exploreCommand,
  validityOf,
  validityText,
  verdictSentences,
} from '../summary.ts';
import { YARDSTICK, YARDSTICK_DOUBT, yardstickOf } from '../yardstick.ts';
import { PLAIN_TABLE } from './plain-table.ts';
import { searchTable } from './search-table.ts';

export interface TerminalOptions {
  readonly runFile: string;
  readonly report: string;
  readonly color: boolean;
  readonly columns: number;
}

/** Metrics of the table, beside the headline; every other one is in the report. */
const ROWS: readonly MetricId[] = [
  'latency.p50',
  'latency.p90',
  'latency.p99',
  'latency.sent.p50',
  'spread.first.p50',
  'spread.last.p50',
  'spread.last.p99',
  'request.p50',
  'request.p90',
  'request.p99',
  'request.sent.p50',
  'request.first.p50',
  'request.gap.p99',
  'ask.p50',
  'ask.p90',
  'ask.p99',
  'ask.overhead.p50',
  'reach',
  'request.answered',
  'ask.answered',
  'throughput.deliveries',
  'server.cpu',
  'proxy.cpu',
  'generator.cpu',
  'wire.bytes',
  'trip.server.cpu',
  'trip.proxy.cpu',
  'trip.generator.cpu',
  'trip.bytes.up',
  'trip.bytes.down',
  'connect.p99',
];

export function renderTerminal(run: RunResult, options: TerminalOptions): string {
  const paint = pc.createColors(options.color);
  const explore = exploreCommand(run);
  const parts = [
    '',
    ...answersOf(run).map((sentence) => paint.bold(sentence)),
    ...verdictSentences(run).map((sentence) => paint.bold(sentence)),
    '',
    ...run.points.flatMap((point) => [
      describePoint(run, point),
      run.searches === undefined
        ? table(run, point, paint)
        : searchTable(run, point, { style: TABLE_STYLE, chars: TABLE_CHARS }),
      ...yardstickLines(run, point),
      '',
    ]),
    controlLine(run),
    validityLine(run),
    ...run.warnings.map(({ says, hint }) => `${paint.yellow('warning')} ${says}\n        ${hint}`),
    '',
    `run file  ${options.runFile}`,
    `report    ${options.report}`,
    `again     ${run.command}`,
    ...(explore === undefined ? [] : [`explore   ${explore}`]),
    '',
  ];
  return parts.filter((part) => part !== undefined).join('\n');
}

const TABLE_STYLE = { head: [], border: [], compact: true };
const TABLE_CHARS = { ...PLAIN_TABLE.chars, middle: '  ' };

function table(run: RunResult, point: Point, paint: ReturnType<typeof pc.createColors>): string {
  const pairs = shownPairs(run);
  const grid = new Table({
    head: ['', ...run.arms.map(armHead), ...pairs.map((pair) => pair.replace(' ', ' / '))],
    colAligns: [
      'left',
      ...run.arms.map(() => 'right' as const),
      ...pairs.map(() => 'left' as const),
    ],
    style: TABLE_STYLE,
    chars: TABLE_CHARS,
  });
  for (const id of rowsOf(run)) {
    const metric: Metric = metrics[id];
    const arrow = metric.better === 'lower' ? '↓' : '↑';
    const cells = run.arms.map((arm) => figureText(run, arm, point, id).text);
    // What this load has not got needs no row; what the run is about has one, to say that it is missing.
    if (cells.every((cell) => cell === '–') && !run.scenario.headline.includes(id)) continue;
    grid.push([
      `${metric.title} ${arrow}`,
      ...cells,
      ...pairs.map((pair) => change(run, point, pair, id, paint)),
    ]);
  }
  return grid.toString();
}

/** A headline metric that is not among the usual ones comes first. */
function rowsOf({ scenario: { headline } }: RunResult): MetricId[] {
  return [...headline.filter(isMetricId).filter((id) => !ROWS.includes(id)), ...ROWS];
}

/** Beneath the arms and not among them: what it counts from is something else. */
function yardstickLines(run: RunResult, point: Point): string[] {
  const found = yardstickOf(run, point);
  if (found === undefined) return [];
  const { p50, p99, ratePerS, connections, cpu } = found;
  const figures = [
    `p50 ${formatMicroseconds(p50)}`,
    `p99 ${formatMicroseconds(p99)}`,
    `${formatNumber(ratePerS)}/s over ${connections} connections`,
    ...(cpu === undefined ? [] : [`server CPU ${formatNanoseconds(cpu)}`]),
  ];
  return [` ${YARDSTICK}  ${figures.join(', ')}`, `   ${YARDSTICK_DOUBT}`];
}

const armHead = (arm: Arm): string => (arm.role === 'floor' ? `${arm.name} (floor)` : arm.name);

/** More columns than that are no table any more: then the sentences above it and the report have them. */
const MOST_PAIRS = 6;

function shownPairs(run: RunResult): string[] {
  const compared = new Set(run.comparisons.map(({ arm, against }) => `${arm} ${against}`));
  // Those that tell nothing are not compared, and a column of theirs would be empty.
  const pairs = [...new Set(headlinePairs(run))].filter(
    (pair) => compared.size === 0 || compared.has(pair),
  );
  return pairs.length > MOST_PAIRS ? [] : pairs;
}

function headlinePairs(run: RunResult): string[] {
  const candidates = run.arms.filter(({ role }) => role === 'candidate').map(({ name }) => name);
  return candidates.flatMap((arm, index) =>
    candidates.slice(index + 1).map((against) => `${arm} ${against}`),
  );
}

function change(
  run: RunResult,
  point: Point,
  pair: string,
  id: MetricId,
  paint: ReturnType<typeof pc.createColors>,
): string {
  const comparison = run.comparisons.find(
    (one) =>
      one.metric === id &&
      `${one.arm} ${one.against}` === pair &&
      pointName(one.point) === pointName(point),
  );
  if (comparison?.ratio === undefined) return '';
  return `${formatChange(comparison.ratio)} ${paintVerdict(comparison, paint)}`;
}

function paintVerdict(
  { verdict }: RunComparison,
  paint: ReturnType<typeof pc.createColors>,
): string {
  const words = verdict.replaceAll('-', ' ');
  if (verdict === 'better') return paint.green(words);
  if (verdict === 'worse') return paint.red(words);
  return verdict === 'same' ? paint.cyan(words) : paint.dim(words);
}

/** The control tells whether the machine moved; without a band from A/A runs it is shown, not judged. */
function controlLine(run: RunResult): string | undefined {
  if (run.control.length === 0) return undefined;
  const of = (values: readonly number[], format: (value: number) => string): string => {
    const middle = median(values) ?? 0;
    const low = formatChange(Math.min(...values) / middle);
    const high = formatChange(Math.max(...values) / middle);
    return values.length === 1 ? format(middle) : `${format(middle)} (rounds ${low} … ${high})`;
  };
  const p50 = run.control.map((one) => one.p50);
  const cpu = run.control.map((one) => one.cpu);
  return `control   p50 ${of(p50, formatMicroseconds)}, CPU ${of(cpu, formatNanoseconds)}; not judged: no A/A band for this machine`;
}

function validityLine(run: RunResult): string {
  return `validity  ${validityOf(run).state.toUpperCase()}: ${validityText(run)}`;
}
