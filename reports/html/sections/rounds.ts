/** Round by round: what each arm measured, side by side with the control, and what was left out and why. */
import type { Trial } from '../../../core/result.ts';
import { formatMicroseconds, formatNanoseconds } from '../../../core/units.ts';
import { valueText } from '../../figure-text.ts';
import { formatMetric } from '../../metric.ts';
import { metricOf } from '../../metrics/registry.ts';
import { armTag } from '../arm-look.ts';
import type { RoundValue } from '../charts/rounds.ts';
import { controlChart, roundsChart } from '../charts/rounds.ts';
import type { Panel } from '../figure.ts';
import { figure } from '../figure.ts';
import { armLegend } from '../legend.ts';
import type { Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { trialsOf } from '../view.ts';

export function roundsFigure(view: View): Markup | undefined {
  const { run, suffix } = view;
  const trials = trialsOf(view);
  const columns = columnsOf(trials);
  const control = run.control
    .map(({ round, p50, p99, cpu }) => ({
      column: String(round + 1),
      value: p50,
      text: formatMicroseconds(p50),
      p99,
      cpu,
    }))
    .filter(({ column }) => columns.includes(column));
  const drawn = headlineLatencies(view)
    .map((id) => ({ id, values: valuesOf(view, trials, id) }))
    .filter(({ values }) => values.length > 0);
  if (drawn.length === 0) return undefined;
  const panels: Panel[] = drawn.map(({ id, values }, index) => ({
    id: `rounds${suffix}-${index}`,
    heading: metricOf(id)?.title ?? id,
    label: `${metricOf(id)?.title ?? id} of each arm in each round`,
    spec: roundsChart(
      values,
      columns,
      (value) => formatMetric(metricOf(id)?.unit ?? 'us', value),
      index === drawn.length - 1 && control.length === 0,
    ),
  }));
  if (control.length > 0) {
    panels.push({
      id: `rounds${suffix}-control`,
      heading: 'control, p50: a program that never changes',
      label: 'Latency p50 of the control in each round',
      spec: controlChart(control, columns, formatMicroseconds),
    });
  }
  const left = trials.some(({ excluded }) => excluded !== undefined);
  return figure({
    id: `rounds${suffix}`,
    title: 'Round by round',
    lookFor:
      'Arms of one round ran within seconds of each other and are joined by a line: the axis is logarithmic, so the length of a line is the ratio of its round. The same order in every round is what makes a difference credible. Where the control moves too, the machine moved.',
    legend: armLegend(view.looks, [['line-pair', 'one round']]),
    panels,
    notes: [
      ...(left
        ? [
            'Hollow: left out of every figure and comparison, for the reason in the table. A number in brackets is a try that was run again.',
          ]
        : []),
      ...(control.length > 0
        ? ['The control is shown and not judged: how far it may move on this machine is not known.']
        : []),
    ],
    data: html`${table({
      label: 'Every trial',
      columns: [
        words('round'),
        words('arm'),
        ...drawn.map(({ id }) => figures(metricOf(id)?.title ?? id)),
        words('validity'),
        words('counts'),
      ],
      rows: trials.map((trial) => [
        columnOf(trial, trials),
        tagOf(view, trial.arm),
        ...drawn.map(({ id }) => {
          const value = trial.metrics[id];
          return value === undefined ? '–' : valueText(id, value, trial.probes['deadlineUs']);
        }),
        trial.outcome === 'failed' ? `failed: ${trial.says ?? 'unknown'}` : trial.validity.state,
        trial.excluded ?? 'yes',
      ]),
    })}${
      control.length === 0
        ? undefined
        : table({
            label: 'The control in each round',
            columns: [words('round'), figures('p50'), figures('p99'), figures('server CPU')],
            rows: control.map(({ column, text, p99, cpu }) => [
              column,
              text,
              formatMicroseconds(p99),
              formatNanoseconds(cpu),
            ]),
          })
    }`,
  });
}

/** Of deliveries or of round trips; where the run is about no such time, what it is about first. */
function headlineLatencies({ run }: View): string[] {
  const { headline } = run.scenario;
  const latencies = headline.filter(
    (id) => /^(latency|request|ask)\./.test(id) && metricOf(id)?.unit === 'us',
  );
  return latencies.length > 0 ? latencies : headline.slice(0, 1);
}

function valuesOf({ looks }: View, trials: readonly Trial[], id: string): RoundValue[] {
  return trials.flatMap((trial) => {
    const look = looks.find(({ arm }) => arm.name === trial.arm);
    const value = trial.metrics[id];
    if (look === undefined || value === undefined || value <= 0) return [];
    return [
      {
        look,
        column: columnOf(trial, trials),
        value,
        text: valueText(id, value, trial.probes['deadlineUs']),
        excluded: trial.excluded,
      },
    ];
  });
}

/** '3', or '(3)' for a try of round 3 that was run again; a second such try is '(3’)'. */
function columnOf({ round, attempt }: Trial, trials: readonly Trial[]): string {
  const last = Math.max(...trials.filter((one) => one.round === round).map((one) => one.attempt));
  return attempt === last ? String(round + 1) : `(${round + 1}${'’'.repeat(attempt)})`;
}

const columnsOf = (trials: readonly Trial[]): string[] => [
  ...new Set(trials.map((trial) => columnOf(trial, trials))),
];

function tagOf({ looks }: View, name: string): Markup | string {
  const look = looks.find(({ arm }) => arm.name === name);
  return look === undefined ? name : armTag(look);
}
