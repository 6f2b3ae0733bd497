/** What connections cost on which nothing happens: bytes on both sides and in the kernel, CPU for heartbeats. */

import { median } from '../../core/median.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { formatBytes, formatPercent } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import { armTag } from '../html/arm-look.ts';
import type { IntervalPoint } from '../html/charts/intervals.ts';
import { intervalChart } from '../html/charts/intervals.ts';
import type { MemorySeries } from '../html/charts/memory-slope.ts';
import { memorySlopeChart } from '../html/charts/memory-slope.ts';
import type { Panel } from '../html/figure.ts';
import { figure } from '../html/figure.ts';
import { armLegend } from '../html/legend.ts';
import type { Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { figures, table, words } from '../html/table.ts';
import type { View } from '../html/view.ts';
import { countedOf } from '../html/view.ts';
import type { MemoryCost } from '../memory-cost.ts';
import { memoryCost } from '../memory-cost.ts';
import type { Bytes } from '../metrics/rest.ts';
import {
  CROWD,
  cpuPerCrowd,
  generatorBytes,
  kernelBytes,
  memoryFit,
  serverBytes,
  usedBytes,
} from '../metrics/rest.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';

export const idleFinding: Finding = {
  applies: ({ trials }) => trials.some(({ rest }) => rest !== undefined),
  answer: (run) =>
    ofEachPoint(run, (point) => [
      memorySentence(run, point),
      cpuSentence(run, point),
      doubtSentence(run, point),
    ]),
  figure: idleFigure,
};

const costOf = (run: RunResult, arm: Arm, point: Point, bytes: Bytes): MemoryCost | undefined =>
  memoryCost(countedTrials(run, arm.name, point), bytes);

function memorySentence(run: RunResult, point: Point): string | undefined {
  const parts = run.arms.flatMap((arm) => {
    const server = costOf(run, arm, point, serverBytes);
    if (server === undefined) return [];
    const kernel = costOf(run, arm, point, kernelBytes);
    const inKernel = kernel === undefined ? '' : ` and ${sizeText(kernel)} in the kernel`;
    return [`${sizeText(server)} in the server${inKernel} over ${arm.title}`];
  });
  return parts.length === 0 ? undefined : `One idle connection takes ${parts.join(', ')}.`;
}

/** A figure whose interval holds zero is none. */
function sizeText({ value, low, high }: MemoryCost): string {
  if (low > 0) return formatBytes(value);
  return high <= 0
    ? 'nothing'
    : `an amount that cannot be told from nothing (at most ${formatBytes(high)})`;
}

/** How sure that is, and what is not in it. */
function doubtSentence(run: RunResult, point: Point): string | undefined {
  const all = run.arms.map((arm) => ({
    arm,
    server: costOf(run, arm, point, serverBytes),
    kernel: costOf(run, arm, point, kernelBytes),
    generator: costOf(run, arm, point, generatorBytes),
  }));
  const sure = all.flatMap(({ arm, server, kernel }) =>
    server === undefined
      ? []
      : [
          `${arm.title} ${rangeText(server)} in the server${
            kernel === undefined ? '' : `, ${rangeText(kernel)} in the kernel`
          }`,
        ],
  );
  if (sure.length === 0) return undefined;
  const ends = all.flatMap(({ arm, generator }) =>
    generator === undefined ? [] : [`${sizeText(generator)} over ${arm.title}`],
  );
  const kernel = all.some((one) => one.kernel !== undefined)
    ? 'The kernel’s share is for both ends, since both are on this machine'
    : 'What the kernel takes could not be measured on this machine';
  return `95 % intervals: ${sure.join('; ')}. ${kernel}; the client at the other end takes ${ends.join(', ')} of the generator, which is in none of these figures.`;
}

const rangeText = ({ low, high }: MemoryCost): string =>
  `${formatBytes(low)} to ${formatBytes(high)}`.replaceAll('-', '−');

/** Every interval that CPU was counted at, none first, then the longest. */
function intervalsOf(run: RunResult, point: Point): number[] {
  const found = run.arms.flatMap((arm) =>
    countedTrials(run, arm.name, point).flatMap(({ rest }) =>
      (rest?.cpu ?? []).map(({ heartbeatMs }) => heartbeatMs),
    ),
  );
  return [...new Set(found)].sort((a, b) => (a === 0 || b === 0 ? a - b : b - a));
}

function cpuOf(
  run: RunResult,
  arm: Arm,
  point: Point,
  heartbeatMs: number,
  side: 'serverNs' | 'generatorNs' = 'serverNs',
): number[] {
  return countedTrials(run, arm.name, point).flatMap(({ rest }) =>
    (rest?.cpu ?? []).flatMap((step) =>
      step.heartbeatMs === heartbeatMs && step.connections > 0 ? [cpuPerCrowd(step, side)] : [],
    ),
  );
}

const beatText = (heartbeatMs: number): string =>
  heartbeatMs === 0 ? 'none' : `${heartbeatMs / 1_000} s`;

/** Intervals that the sentence names: what proxies and phones make people choose. */
const NAMED_MS = [0, 15_000, 5_000];

function cpuSentence(run: RunResult, point: Point): string | undefined {
  const named = intervalsOf(run, point).filter((one) => NAMED_MS.includes(one));
  const parts = run.arms.flatMap((arm) => {
    const texts = named.flatMap((one) => {
      const share = median(cpuOf(run, arm, point, one));
      if (share === undefined) return [];
      return [
        `${formatPercent(share)} ${one === 0 ? 'of a core without heartbeats' : `with one every ${beatText(one)}`}`,
      ];
    });
    return texts.length === 0 ? [] : [`over ${arm.title} ${texts.join(', ')}`];
  });
  if (parts.length === 0) return undefined;
  return `For ${CROWD.toLocaleString('en-US')} of them the server takes ${parts.join('; ')}.`;
}

const PANELS = [
  { id: 'server', heading: 'Resident memory of the server', bytes: serverBytes },
  { id: 'kernel', heading: 'Socket memory of the kernel, both ends', bytes: kernelBytes },
  { id: 'generator', heading: 'Resident memory of the generator', bytes: generatorBytes },
] as const;

function idleFigure(view: View): Markup | undefined {
  const id = `idle${view.suffix}`;
  const drawn = PANELS.map(({ id: name, heading, bytes }): Panel | undefined => {
    const series = seriesOf(view, bytes);
    return series.length === 0
      ? undefined
      : {
          id: `${id}-${name}`,
          heading,
          label: `${heading} against the number of connections, per arm`,
          spec: memorySlopeChart(series),
        };
  });
  const cpu = restCpu(view);
  const panels = [
    ...drawn,
    cpu.length === 0
      ? undefined
      : {
          id: `${id}-cpu`,
          heading: `CPU of the server for ${CROWD.toLocaleString('en-US')} connections, share of a core`,
          label: 'CPU of the server at rest against the interval of heartbeats, per arm',
          spec: intervalChart(cpu, {
            order: [...new Set(cpu.map(({ at }) => at))],
            format: formatPercent,
            height: 200,
            middle: 'median of rounds',
          }),
        },
  ].filter((panel) => panel !== undefined);
  if (panels.length === 0) return undefined;
  return figure({
    id,
    title: 'What a connection costs at rest',
    lookFor:
      'How steep a line is, is what one connection takes; what the process takes without any is left out. Dots off their line would mean that one figure per connection does not describe it.',
    legend: armLegend(view.looks, [['line-merged', 'median slope of the rounds']]),
    panels,
    grid: true,
    notes: notesOf(view),
    data: html`${memoryTable(view)}${cpuTable(view)}`,
  });
}

function notesOf(view: View): string[] {
  const missing = PANELS.filter(({ bytes }) => seriesOf(view, bytes).length === 0);
  return [
    'The band is the 95 % interval of the slope. Memory is read after a forced collection, once it moves no more. The kernel’s is that of its socket buffers and slabs, for the whole machine: other programs that open sockets meanwhile would be in it.',
    'What the server does by itself is in its CPU at rest, so the figure without heartbeats is an upper limit of what connections cost that do nothing at all.',
    ...(missing.length === 0
      ? []
      : [`Not measured on this machine: ${missing.map(({ heading }) => heading).join('; ')}.`]),
  ];
}

function seriesOf(view: View, bytes: Bytes): MemorySeries[] {
  return view.looks.flatMap((look) => {
    const trials = countedOf(view, look);
    const cost = memoryCost(trials, bytes);
    if (cost === undefined) return [];
    const points = trials.flatMap((trial) => {
      const fit = memoryFit(trial, bytes);
      if (fit === undefined) return [];
      return (trial.rest?.memory ?? []).flatMap((step) => {
        const value = bytes(step);
        return value === undefined
          ? []
          : [
              {
                round: trial.round,
                connections: step.connections,
                bytes: value - fit.intercept,
              },
            ];
      });
    });
    return [{ look, cost, points }];
  });
}

function restCpu({ run, point, looks }: View): IntervalPoint[] {
  return looks.flatMap((look) =>
    intervalsOf(run, point).flatMap((heartbeatMs) => {
      const rounds = cpuOf(run, look.arm, point, heartbeatMs);
      const middle = median(rounds);
      return middle === undefined ? [] : [{ look, at: beatText(heartbeatMs), rounds, middle }];
    }),
  );
}

const ROWS = [
  ...PANELS.map(({ heading, bytes }) => ({ heading, bytes })),
  { heading: 'Of the server’s: JavaScript', bytes: usedBytes },
] as const;

function memoryTable(view: View): Markup {
  return html`${view.looks.map((look) =>
    table({
      label: `Memory of one idle connection: ${look.name}`,
      columns: [
        words(armTag(look)),
        figures('per connection'),
        figures('95 % interval'),
        figures('rounds'),
        figures('farthest dot from its line'),
      ],
      rows: ROWS.map(({ heading, bytes }) => {
        const cost = memoryCost(countedOf(view, look), bytes);
        return cost === undefined
          ? [heading, '–', '–', '–', '–']
          : [
              heading,
              formatBytes(cost.value),
              `${formatBytes(cost.low)} … ${formatBytes(cost.high)}`,
              cost.rounds,
              `${formatPercent(cost.off)} of its height`,
            ];
      }),
    }),
  )}`;
}

function cpuTable({ run, point, looks }: View): Markup | undefined {
  const intervals = intervalsOf(run, point);
  if (intervals.length === 0) return undefined;
  const text = (values: readonly number[]): string => {
    const middle = median(values);
    return middle === undefined ? '–' : formatPercent(middle);
  };
  return table({
    label: `CPU for ${CROWD.toLocaleString('en-US')} connections at rest, share of a core`,
    columns: [
      words('a heartbeat every'),
      ...looks.flatMap((look) => [figures(armTag(look)), figures(html`its generator`)]),
    ],
    rows: intervals.map((one) => [
      beatText(one),
      ...looks.flatMap(({ arm }) => [
        text(cpuOf(run, arm, point, one)),
        text(cpuOf(run, arm, point, one, 'generatorNs')),
      ]),
    ]),
  });
}
