/** Runs with a swept parameter: how each headline metric moves with it, before anything else. */

import type { RunResult } from '../../../core/result.ts';
import { countedTrials, figureOf } from '../../derive.ts';
import { figureText, valueText } from '../../figure-text.ts';
import { flowOfRun, flowWords } from '../../flow.ts';
import { formatMetric } from '../../metric.ts';
import type { MetricId } from '../../metrics/registry.ts';
import { isMetricId, metricOf } from '../../metrics/registry.ts';
import { pointText } from '../../param-text.ts';
import type { ArmLook } from '../arm-look.ts';
import { armTag } from '../arm-look.ts';
import type { SweepValue } from '../charts/sweep.ts';
import { sweepChart } from '../charts/sweep.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figureCell, figures, table, words } from '../table.ts';
import { titleWithDirection } from '../view.ts';

export function sweepFigure(run: RunResult, looks: readonly ArmLook[]): Markup | undefined {
  const names = [...new Set(run.points.flatMap((point) => Object.keys(point)))];
  const swept = names.join(' and ');
  const drawn = run.scenario.headline.filter(isMetricId).map((id) => ({
    id,
    ...valuesOf(run, looks, id, names),
  }));
  const withData = drawn.filter(({ rounds }) => rounds.length > 0);
  if (withData.length === 0) return undefined;
  return figure({
    id: 'sweep',
    title: `What changes with ${swept}`,
    lookFor: `Where lines stay parallel, the choice does not depend on ${swept}; where they cross or part, it does. A line that bends upwards is coming near a limit.`,
    legend: armLegend(looks),
    grid: true,
    panels: withData.map(({ id, figures: middle, rounds }, index) => ({
      id: `sweep-${index}`,
      heading: titleWithDirection(id),
      label: `${metricOf(id)?.title ?? id} of each arm against ${swept}`,
      spec: sweepChart(middle, rounds, swept, (value) =>
        formatMetric(metricOf(id)?.unit ?? 'count', value),
      ),
    })),
    notes: [
      `Small marks are single rounds; a line is left out where there are too few ${flowWords[flowOfRun(run)].events} for its figure.`,
    ],
    data: html`${withData.map(({ id }) =>
      table({
        label: `${metricOf(id)?.title ?? id} against ${swept}`,
        columns: [words(swept), ...looks.map((look) => figures(armTag(look)))],
        rows: run.points.map((point): Content[] => [
          pointText(run.scenario, point),
          ...looks.map((look) => figureCell(figureText(run, look.arm, point, id))),
        ]),
      }),
    )}`,
  });
}

function valuesOf(
  run: RunResult,
  looks: readonly ArmLook[],
  id: MetricId,
  names: readonly string[],
): { figures: SweepValue[]; rounds: SweepValue[] } {
  const found = { figures: [] as SweepValue[], rounds: [] as SweepValue[] };
  const metric = metricOf(id);
  for (const point of run.points) {
    const [only = ''] = names;
    const at = (names.length === 1 ? point[only] : undefined) ?? pointText(run.scenario, point);
    for (const look of looks) {
      const trials = countedTrials(run, look.arm.name, point);
      const deadlineUs = trials[0]?.probes['deadlineUs'];
      const value = (one: number): SweepValue => ({
        look,
        at,
        value: one,
        text: valueText(id, one, deadlineUs),
      });
      const figured = metric === undefined ? undefined : figureOf(metric, id, trials);
      if (figured?.kind === 'value' && figured.value > 0) found.figures.push(value(figured.value));
      for (const trial of trials) {
        const one = trial.metrics[id];
        if (one !== undefined && one > 0) found.rounds.push(value(one));
      }
    }
  }
  return found;
}
