/** A comparison of runs on a terminal: the answer, what to know first, settings, and a table per arm. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { Point } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatChange } from '../../core/units.ts';
import { PLAIN_TABLE } from '../formats/plain-table.ts';
import { shareText } from '../html/share-text.ts';
import { formatMetric } from '../metric.ts';
import { metrics } from '../metrics/registry.ts';
import { pointText } from '../param-text.ts';
import { headlineChanges, headlineOfRuns } from './headline.ts';
import type { Change, ComparedArm, RunsComparison } from './runs-comparison.ts';
import { intervalText } from './sentences.ts';

export interface ComparisonTerminalOptions {
  /** Where the page lies. */
  readonly page: string;
  readonly color: boolean;
  /** Every metric, instead of those that the scenario is about and those that changed. */
  readonly all: boolean;
}

type Paint = ReturnType<typeof pc.createColors>;

export function renderComparisonTerminal(
  comparison: RunsComparison,
  { page, color, all }: ComparisonTerminalOptions,
): string {
  const paint = pc.createColors(color);
  const { title, rest } = headlineOfRuns(comparison);
  const lines = [
    '',
    paint.bold(title),
    ...rest,
    ...sentences(comparison),
    '',
    ...comparison.runs.flatMap(({ letter, id, startedAt, validity, verdict }) => [
      `${letter}  ${id}  ${startedAt.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC')}  ${validity.state}`,
      `   ${verdict}`,
    ]),
    '',
    ...comparison.cautions.map((text) => `${paint.yellow('caution')} ${text}`),
    ...(comparison.cautions.length > 0 ? [''] : []),
    `shared    ${comparison.settings.shared
      .filter(({ group }) => group !== 'machine' && group !== 'tool')
      .map(({ name, values }) => `${name} ${values[0] ?? ''}`)
      .join(', ')}`,
    ...differenceTable(comparison),
    '',
    ...comparison.points.flatMap((point) =>
      comparison.arms.flatMap((arm) => armTable(comparison, arm, point, all, paint)),
    ),
    ...(comparison.changes.some(isWithoutFigure)
      ? [
          '– beneath a run: too few events for one figure of all its trials; the change rests on the single trials.',
        ]
      : []),
    ...(all
      ? []
      : ['Metrics that the scenario is about, and those that changed; --all shows every one.']),
    `page      ${page}`,
    '',
  ];
  return lines.join('\n');
}

/** More than this and the tables beneath would be out of sight; the page has them all. */
const SENTENCES_SHOWN = 12;

function sentences(comparison: RunsComparison): string[] {
  const all = comparison.runs
    .slice(1)
    .flatMap(({ letter }) => headlineChanges(comparison, letter).map(({ says }) => `  ${says}`));
  const left = all.length - SENTENCES_SHOWN;
  return left <= 0
    ? all
    : [...all.slice(0, SENTENCES_SHOWN), `  … and ${left} more sentences on the page.`];
}

const look = {
  style: { head: [], border: [], compact: true },
  chars: { ...PLAIN_TABLE.chars, middle: '  ' },
};

function differenceTable({ settings, runs }: RunsComparison): string[] {
  if (settings.different.length === 0) return [];
  const grid = new Table({ head: ['differs', ...runs.map(({ letter }) => letter)], ...look });
  for (const { name, values } of settings.different) grid.push([name, ...values]);
  return ['', grid.toString()];
}

function armTable(
  comparison: RunsComparison,
  arm: ComparedArm,
  point: Point,
  all: boolean,
  paint: Paint,
): string[] {
  const here = comparison.changes.filter(
    (one) => one.arm === arm.name && pointName(one.point) === pointName(point),
  );
  const shown = here
    .filter((one) => all || one.headline || isFound(one))
    .sort((a, b) => Number(b.headline) - Number(a.headline));
  if (shown.length === 0) return [];
  const where = pointName(point) === '' ? '' : ` at ${pointText(comparison, point)}`;
  const grid = new Table({
    head: [
      `${arm.title}${arm.role === 'floor' ? ' (floor)' : ''}${where}`,
      '',
      'A',
      'run',
      'change',
      '95 % interval',
      'detectable',
      'verdict',
    ],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
    ...look,
  });
  for (const one of shown) {
    const { title, unit, better } = metrics[one.metric];
    grid.push([
      `${one.headline ? '● ' : '  '}${title} ${better === 'lower' ? '↓' : '↑'}`,
      one.run,
      formatMetric(unit, one.valueAgainst),
      formatMetric(unit, one.value),
      one.ratio === undefined ? '–' : formatChange(one.ratio),
      intervalText(one.low, one.high),
      one.detectable === undefined ? '–' : shareText(one.detectable),
      paintVerdict(one.verdict, paint),
    ]);
  }
  return [grid.toString(), ''];
}

/** A percentile so far out that even all trials together have too little beyond it. */
const isWithoutFigure = ({ headline, ratio, value, valueAgainst }: Change): boolean =>
  headline && ratio !== undefined && (value === undefined || valueAgainst === undefined);

/** Of the exploratory ones, those that say something. */
const isFound = ({ verdict }: Change): boolean => verdict === 'better' || verdict === 'worse';

function paintVerdict(verdict: Change['verdict'], paint: Paint): string {
  const words = verdict.replaceAll('-', ' ');
  if (verdict === 'better') return paint.green(words);
  if (verdict === 'worse') return paint.red(words);
  return verdict === 'same' ? paint.cyan(words) : paint.dim(words);
}
