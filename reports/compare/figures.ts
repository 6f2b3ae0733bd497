/** The charts of one arm in all runs: how far apart they are, and every single trial. Percentiles are in spectrum. */
import type { Point, RunComparison } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { mean } from '../../core/stats.ts';
import { formatChange } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import { valueText } from '../figure-text.ts';
import { forestChart, forestRange } from '../html/charts/forest.ts';
import { figure } from '../html/figure.ts';
import type { Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { shareText } from '../html/share-text.ts';
import { figures, table, words } from '../html/table.ts';
import { verdictLegend, verdictTag } from '../html/verdict-look.ts';
import { formatMetric } from '../metric.ts';
import { metricOf } from '../metrics/registry.ts';
import { trialsChart } from './charts/trials.ts';
import type { RunLook } from './run-look.ts';
import { asArmLook, runLegend } from './run-look.ts';
import type { Change, ComparedArm, RunsComparison } from './runs-comparison.ts';
import { intervalText } from './sentences.ts';

export interface ArmView {
  readonly comparison: RunsComparison;
  /** The runs that have this arm. */
  readonly looks: readonly RunLook[];
  readonly arm: ComparedArm;
  readonly point: Point;
  /** Makes ids unique on the page. */
  readonly suffix: string;
}

/** A ratio of no width at 1 tells nothing. */
const NOT_DRAWN = new Set(['reach', 'throughput.deliveries', 'request.answered', 'ask.answered']);

export function changesOf({ comparison, arm, point }: ArmView): Change[] {
  return comparison.changes
    .filter((one) => one.arm === arm.name && pointName(one.point) === pointName(point))
    .sort((a, b) => Number(b.headline) - Number(a.headline));
}

/** As the charts of a report know it. */
function asRunComparison(change: Change): RunComparison {
  const { metric, point, ratio, low, high, detectable, verdict, headline, says } = change;
  const { run, against, trials, trialsAgainst } = change;
  const rounds = Math.min(trials, trialsAgainst);
  return {
    metric,
    arm: run,
    against,
    point,
    ratio,
    low,
    high,
    rounds,
    detectable,
    verdict,
    headline,
    says,
  };
}

export function forestFigure(view: ArmView): Markup | undefined {
  const { comparison, arm, suffix } = view;
  const drawn = changesOf(view).filter(
    ({ ratio, value, metric, headline }) =>
      ratio !== undefined && value !== 0 && (headline || !NOT_DRAWN.has(metric)),
  );
  if (drawn.length === 0) return undefined;
  const all = drawn.map(asRunComparison);
  const range = forestRange(all, comparison.margin);
  const letters = [...new Set(drawn.map(({ run }) => run))];
  return figure({
    id: `changes${suffix}`,
    title: `${arm.title}: how far apart the runs are`,
    lookFor: html`A bar is a 95 % interval of the change: clear of the zero line it speaks for a change, clear of the grey band (${shareText(comparison.margin)}, the margin) for one that matters. The mark is the verdict, which also asks a rank test that assumes less. Bold metrics are what the scenario is about, all others are exploratory; an arrow points to where better is.`,
    legend: verdictLegend(all),
    grid: letters.length > 1,
    panels: letters.map((letter) => ({
      id: `changes${suffix}-${letter}`,
      ...(letters.length > 1 ? { heading: `${letter} against A` } : {}),
      label: `Ratios of run ${letter} to run A with 95 % intervals, one row per metric`,
      spec: forestChart(
        all.filter((one) => one.arm === letter),
        comparison.margin,
        range,
        `← ${letter} lower · ${letter} higher →`,
      ),
    })),
    data: table({
      label: `Changes of ${arm.title}`,
      columns: [
        words('metric'),
        words('run'),
        figures('change'),
        figures('95 % interval'),
        words('verdict'),
      ],
      rows: drawn.map((one) => [
        metricOf(one.metric)?.title ?? one.metric,
        one.run,
        formatChange(one.ratio ?? 1),
        intervalText(one.low, one.high),
        verdictTag(one.verdict),
      ]),
    }),
  });
}

/** One small chart per headline metric. */
export function trialsFigure(view: ArmView): Markup | undefined {
  const { comparison, looks, arm, point, suffix } = view;
  const ids = [
    ...new Set(comparison.changes.filter(({ headline }) => headline).map(({ metric }) => metric)),
  ];
  const drawn = ids.flatMap((id) => {
    const unit = metricOf(id)?.unit ?? 'count';
    const parts = looks.flatMap((runLook) => {
      const ofRun = runLook.run.arms.find(({ name }) => name === arm.name);
      if (ofRun === undefined) return [];
      const look = asArmLook(runLook, ofRun);
      const counted = new Set(countedTrials(runLook.run, arm.name, point));
      const marks = runLook.run.trials.flatMap((trial) => {
        const value = trial.metrics[id];
        const here = trial.arm === arm.name && pointName(trial.point) === pointName(point);
        if (!here || value === undefined || value <= 0) return [];
        const text = valueText(id, value, trial.probes['deadlineUs']);
        const excluded = counted.has(trial) ? undefined : (trial.excluded ?? trial.validity.state);
        return [{ look, round: trial.round, value, text, excluded }];
      });
      return marks.length === 0 ? [] : [{ look, runLook, marks }];
    });
    if (parts.length === 0) return [];
    const middles = parts.flatMap(({ look, marks }) => {
      const logs = marks.flatMap(({ value, excluded }) =>
        excluded === undefined ? Math.log(value) : [],
      );
      const middle = mean(logs);
      return middle === undefined
        ? []
        : [{ look, value: Math.exp(middle), text: formatMetric(unit, Math.exp(middle)) }];
    });
    const marks = parts.flatMap((part) => part.marks);
    return [{ id, unit, marks, middles, looks: parts.map(({ look }) => look) }];
  });
  if (drawn.length === 0) return undefined;
  const left = drawn.some(({ marks }) => marks.some(({ excluded }) => excluded !== undefined));
  return figure({
    id: `trials${suffix}`,
    title: `${arm.title}: every trial`,
    lookFor:
      'A mark is a trial, from left to right in the order of the rounds, and the dash is their geometric mean. Runs whose marks lie apart differ; where they mix, the difference of two means may be luck. A slope within a run is a machine or a server that drifted.',
    legend: runLegend(looks),
    grid: true,
    panels: drawn.map(({ id, unit, marks, middles, looks: own }) => ({
      id: `trials${suffix}-${id.replaceAll('.', '-')}`,
      heading: metricOf(id)?.title ?? id,
      label: `${metricOf(id)?.title ?? id} of every trial of each run`,
      spec: trialsChart(marks, middles, own, (value) => formatMetric(unit, value)),
    })),
    notes: left
      ? ['Hollow: left out of every figure and comparison, for the reason it shows.']
      : [],
    data: table({
      label: `Every trial of ${arm.title}`,
      columns: [words('run'), figures('round'), words('metric'), figures('value'), words('counts')],
      rows: drawn.flatMap(({ id, marks }) =>
        marks.map(({ look, round, text, excluded }) => [
          look.name,
          round + 1,
          metricOf(id)?.title ?? id,
          text,
          excluded ?? 'yes',
        ]),
      ),
    }),
  });
}
