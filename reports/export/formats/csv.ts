/**
 * CSV by RFC 4180, tidy: one row for each metric of each trial, and a first row with the names. A trial
 * without figures has one row without a metric, so that a failure is not a gap that nobody sees.
 */
import type { Arm, RunResult, Trial } from '../../../core/result.ts';
import { pointName } from '../../../core/result.ts';
import { countedTrials } from '../../derive.ts';
import { metricOf } from '../../metrics/registry.ts';
import { writeNamed } from '../../run-file.ts';
import type { ExportFormat } from '../format.ts';

export const CSV_COLUMNS = [
  'run',
  'started_at',
  'scenario',
  'point',
  'arm',
  'transport',
  'target',
  'round',
  'attempt',
  'order',
  'outcome',
  'validity',
  'counts',
  'why_not',
  'metric',
  'unit',
  'better',
  'value',
] as const;

type Column = (typeof CSV_COLUMNS)[number];
type Row = Readonly<Record<Column, string | number | undefined>>;

export const csv: ExportFormat = {
  destination: 'file',
  name: 'run.csv',
  help: 'one row for each metric of each trial',
  async write(run, to) {
    writeNamed(to, csvOf(run), 'export-not-written');
    return [to];
  },
};

export function csvOf(run: RunResult): string {
  const counted = new Set(
    run.points.flatMap((point) => run.arms.flatMap(({ name }) => countedTrials(run, name, point))),
  );
  const rows = run.trials.flatMap((trial) => {
    const arm = run.arms.find(({ name }) => name === trial.arm);
    return rowsOf(run, trial, arm, counted.has(trial));
  });
  const lines = rows.map((row) => CSV_COLUMNS.map((column) => field(row[column])).join(','));
  return [CSV_COLUMNS.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

function rowsOf(run: RunResult, trial: Trial, arm: Arm | undefined, counts: boolean): Row[] {
  const about = {
    run: run.id,
    started_at: trial.startedAt,
    scenario: run.scenario.name,
    point: pointName(trial.point),
    arm: trial.arm,
    transport: arm?.transport,
    target: arm?.target,
    // As people count them, and as reports do.
    round: trial.round + 1,
    attempt: trial.attempt + 1,
    order: trial.order + 1,
    outcome: trial.outcome,
    validity: trial.validity.state,
    counts: counts ? 'yes' : 'no',
    why_not: counts ? undefined : (trial.excluded ?? trial.says ?? trial.validity.state),
  };
  const none = { metric: undefined, unit: undefined, better: undefined, value: undefined };
  const figures = Object.entries(trial.metrics);
  if (figures.length === 0) return [{ ...about, ...none }];
  return figures.map(([id, value]) => {
    const metric = metricOf(id);
    return { ...about, metric: id, unit: metric?.unit, better: metric?.better, value };
  });
}

/**
 * Spreadsheets take a text that begins like a formula for one and carry it out; an apostrophe makes it
 * text. Numbers stay as they are: −0.1 begins like one and is none.
 */
function field(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
