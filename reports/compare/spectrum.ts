/** The percentiles of one arm in all runs, laid over each other, and their ratio at each percentile beneath. */
import type { Flow } from '../../core/result.ts';
import { formatChange } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import { valueText } from '../figure-text.ts';
import { flowWords, trafficKinds, trafficOf } from '../flow.ts';
import { eventsIn, latencyCurve, MARKED, percentileChart } from '../html/charts/percentiles.ts';
import { figure } from '../html/figure.ts';
import type { Content, Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { figures, table, words } from '../html/table.ts';
import { ratioChart } from './charts/ratio.ts';
import type { ArmView } from './figures.ts';
import { countsOf, ratioBand } from './ratio-band.ts';
import { asArmLook, runLegend, runTag } from './run-look.ts';
import { intervalText } from './sentences.ts';

const BAND_POINTS = 60;

/** Spectra laid over each other, and their ratio beneath; one pair per kind of traffic. */
export function spectrumFigures(view: ArmView): Markup[] {
  const { looks, arm, point } = view;
  const all = looks.flatMap(({ run }) => countedTrials(run, arm.name, point));
  return trafficKinds(all).flatMap((kind) => spectrumFigure(view, kind) ?? []);
}

function spectrumFigure(view: ArmView, kind: Flow): Markup | undefined {
  const { comparison, arm, point, suffix } = view;
  const parts = view.looks.flatMap((look) => {
    const ofRun = look.run.arms.find(({ name }) => name === arm.name);
    const rounds = countedTrials(look.run, arm.name, point).flatMap(
      (trial) => trafficOf(trial, kind) ?? [],
    );
    return ofRun === undefined || rounds.length === 0
      ? []
      : [{ runLook: look, look: asArmLook(look, ofRun), rounds }];
  });
  const [base, ...others] = parts;
  if (base === undefined) return undefined;
  const { name, many, names, done } = flowWords[kind];
  const id = `percentiles-${kind}${suffix}`;
  const axis = `share of ${many} that ${done} (from 10 %)`;
  const comparable =
    base.runLook.letter === 'A' && (comparison.machines.length === 0 || comparison.anyway);
  const quantiles = bandQuantiles(Math.min(...parts.map(({ rounds }) => eventsIn(rounds))));
  const against = base.rounds.map(countsOf);
  const lines = comparable
    ? others.map(({ look, rounds }) => ({
        look,
        points: ratioBand(rounds.map(countsOf), against, quantiles),
      }))
    : [];
  return figure({
    id,
    title: `${arm.title}: latency of every ${name}, by percentile`,
    lookFor: `Above, lower is better, and each step to the right is ten times rarer. ${lines.length === 0 ? 'The runs are laid over each other.' : 'Below, the change against A at each percentile: a flat line is the same change for everybody, one that rises to the right a heavier tail. The band is where 95 % of redrawn sets of trials lie.'}`,
    legend: runLegend(
      parts.map(({ runLook }) => runLook),
      [
        ['line-merged', 'all its trials, from when due'],
        ['line-sent', 'from when sent'],
        ['line-round', 'one trial'],
      ],
    ),
    panels: [
      {
        id: `${id}-spectrum`,
        label: `Latency of each ${name} against percentile for each run; the table below holds the marked points`,
        spec: percentileChart(parts, axis),
      },
      ...(lines.length === 0
        ? []
        : [
            {
              id: `${id}-ratio`,
              heading: 'change against A',
              label: `Change of latency against run A at each percentile, with a band`,
              spec: ratioChart(lines, comparison.margin, axis),
            },
          ]),
    ],
    notes:
      lines.length === 0
        ? []
        : [
            'The band holds for each percentile alone, and with fewer than 10 trials it is a little narrow: the verdicts rest on the intervals in the table of every metric.',
          ],
    data: table({
      label: `Latency percentiles of ${names} by run`,
      columns: [words('run'), ...MARKED.slice(0, 4).map(({ label }) => figures(label))],
      rows: parts.flatMap(({ runLook, look, rounds }) => [
        [
          runTag(runLook),
          ...MARKED.slice(0, 4).map(({ quantile, x }): Content => {
            if (eventsIn(rounds) < x * 10) return html`<small>not enough data</small>`;
            const us = latencyCurve(rounds, 'due')(quantile);
            return us === undefined ? '–' : valueText('latency.max', us, rounds[0]?.deadlineUs);
          }),
        ],
        ...lines
          .filter((line) => line.look.name === look.name)
          .map((line) => [
            html`${runLook.letter} against A`,
            ...MARKED.slice(0, 4).map(({ quantile }): Content => {
              const found = line.points.find((one) => Math.abs(one.quantile - quantile) < 1e-9);
              return found === undefined
                ? '–'
                : html`${formatChange(found.ratio)} <small>${intervalText(found.low, found.high)}</small>`;
            }),
          ]),
      ]),
    }),
  });
}

/** Even steps on the axis of the spectrum, up to where ten events are left; the marked ones among them. */
export function bandQuantiles(events: number): number[] {
  const first = 1 / 0.9;
  const end = Math.max(2, events / 10);
  const steps = Array.from(
    { length: BAND_POINTS },
    (_, index) => 1 - 1 / (first * (end / first) ** (index / (BAND_POINTS - 1))),
  );
  const marked = MARKED.filter(({ x }) => x <= end).map(({ quantile }) => quantile);
  return [
    ...steps.filter((one) => !marked.some((mark) => Math.abs(mark - one) < 1e-6)),
    ...marked,
  ].sort((a, b) => a - b);
}
