/** How far each arm goes under an objective, what stopped it, and latency against load on the way there. */

import { decodeHistogram } from '../../core/histogram.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import type { Scalability, ScalabilityPoint } from '../../core/scalability.ts';
import { fitScalability } from '../../core/scalability.ts';
import { formatNumber, formatPercent } from '../../core/units.ts';
import { valueText } from '../figure-text.ts';
import type { ArmLook } from '../html/arm-look.ts';
import { armTag } from '../html/arm-look.ts';
import type { Bracket, LoadCurvePoint } from '../html/charts/load-curve.ts';
import { loadCurveChart } from '../html/charts/load-curve.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Content, Markup } from '../html/markup.ts';
import { figures, table, words } from '../html/table.ts';
import type { View } from '../html/view.ts';
import { metricOf } from '../metrics/registry.ts';
import { assertionsOf, objectiveText } from '../objective-text.ts';
import { loadText, searchesText } from '../search-text.ts';
import { searchesOf, stepTrials } from '../step-trials.ts';
import { describePoint } from '../summary.ts';
import type { Finding } from './finding.ts';

export const capacityFinding: Finding = {
  applies: ({ searches }) => searches !== undefined,
  answer: (run) => run.points.flatMap((point) => answerAt(run, point)),
  figure: figureAt,
};

function answerAt(run: RunResult, point: Point): string[] {
  const parts = run.arms.flatMap((arm) => {
    const searches = searchesOf(run, arm.name, point);
    return searches.length === 0 ? [] : [`${arm.title} ${searchesText(searches)}`];
  });
  const [first] = (run.searches ?? []).map(({ objective }) => objective);
  if (first === undefined || parts.length === 0) return [];
  const where = describePoint(run, point);
  return [
    `Meeting ${objectiveText(first)}${where === '' ? '' : ` at ${where}`}: ${parts.join('; ')}.`,
  ];
}

function figureAt({ run, looks, point, suffix }: View): Markup | undefined {
  const [first] = looks.flatMap(({ arm }) => searchesOf(run, arm.name, point));
  if (first === undefined) return undefined;
  const limit = assertionsOf(first.objective).find(({ metric }) => metricOf(metric)?.unit === 'us');
  const metric = limit?.metric ?? 'latency.p99';
  const title = metricOf(metric)?.title ?? metric;
  const points = looks.flatMap((look) => curveOf(run, look, point, metric));
  const brackets = looks.flatMap((look) => bracketsOf(run, look, point));
  const searched = looks.filter(({ arm }) => searchesOf(run, arm.name, point).length > 0);
  const unit = first.unit === '/s' ? 'broadcasts per second' : 'clients';
  return figure({
    id: `capacity${suffix}`,
    title: `${title[0]?.toUpperCase() ?? ''}${title.slice(1)} against load`,
    lookFor: `Each mark is one trial; a cross is one that did not pass, a hollow mark one in which something else than the server was the limit. ${
      brackets.length > 0
        ? 'A shaded band lies between the last load that passed and the first that failed: the limit is somewhere in it.'
        : 'No arm was found to end.'
    }`,
    legend: armLegend(searched),
    panels: [
      {
        id: `capacity${suffix}-0`,
        label: `${title} of every step against ${unit}, with the objective and what was found of each arm`,
        spec: loadCurveChart(points, brackets, {
          limit: limit?.limit,
          limitText: limit?.text ?? '',
          xTitle: unit,
          yTitle: title,
        }),
      },
    ],
    notes: searched.map((look) => scalabilityText(run, look.arm, point)),
    data: stepTable(run, searched, point, metric),
  });
}

function curveOf(run: RunResult, look: ArmLook, point: Point, metric: string): LoadCurvePoint[] {
  return searchesOf(run, look.arm.name, point).flatMap((search) =>
    stepTrials(run, search).flatMap(({ step, trial }) => {
      const value = trial.metrics[metric];
      if (value === undefined) return [];
      const text = valueText(metric, value, trial.probes['deadlineUs']);
      const { load, outcome, stop } = step;
      return [{ look, load, value, text, outcome, why: stop?.says ?? 'meets the objective' }];
    }),
  );
}

function bracketsOf(run: RunResult, look: ArmLook, point: Point): Bracket[] {
  return searchesOf(run, look.arm.name, point).flatMap(({ end, lastPass, firstFail }) =>
    end !== 'bracketed' || lastPass === undefined || firstFail === undefined
      ? []
      : [{ look, from: lastPass, to: firstFail }],
  );
}

/** What the scalability law makes of the loads that passed; or why it makes nothing of them. */
function scalabilityText(run: RunResult, arm: Arm, point: Point): string {
  const points = searchesOf(run, arm.name, point).flatMap((search) =>
    stepTrials(run, search).flatMap(({ step, trial }): ScalabilityPoint[] => {
      const throughput = trial.metrics['throughput.deliveries'];
      if (step.outcome !== 'pass' || throughput === undefined) return [];
      const due = trial.histograms?.due;
      return due === undefined
        ? []
        : [{ throughput, latencyS: decodeHistogram(due).mean / 1_000_000 }];
    }),
  );
  const fit = fitScalability(points);
  return 'why' in fit
    ? `${arm.title}: the Universal Scalability Law was not fitted: ${fit.why}.`
    : `${arm.title}: ${fitText(fit)}`;
}

function fitText({ sigma, kappa, explained, peak }: Scalability): string {
  const summit =
    peak === undefined
      ? 'it sees no peak'
      : `it would put the peak at ${formatNumber(peak)} deliveries/s`;
  return `the Universal Scalability Law explains ${formatPercent(explained)} of how the latency grows with the throughput, with ${formatPercent(sigma)} of the work one after the other (σ) and ${kappa.toPrecision(2)} for what each pair costs (κ); ${summit}. That explains the curve and decides nothing: the limit was found by trials.`;
}

function stepTable(
  run: RunResult,
  looks: readonly ArmLook[],
  point: Point,
  metric: string,
): Markup {
  const shown = [
    ...new Set(['latency.p50', metric, 'reach', 'throughput.deliveries', 'server.busy']),
  ];
  const rows = looks.flatMap((look) =>
    searchesOf(run, look.arm.name, point).flatMap((search) =>
      stepTrials(run, search).map(({ step, trial }): Content[] => [
        armTag(look),
        loadText(search, step.load),
        step.outcome,
        ...shown.map((id) => {
          const value = trial.metrics[id];
          return value === undefined ? '–' : valueText(id, value, trial.probes['deadlineUs']);
        }),
        step.stop?.says ?? '',
      ]),
    ),
  );
  return table({
    label: 'Every step of the searches',
    columns: [
      words('arm'),
      figures('load'),
      words('outcome'),
      ...shown.map((id) => figures(metricOf(id)?.title ?? id)),
      words('because'),
    ],
    rows,
  });
}
