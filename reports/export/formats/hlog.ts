/**
 * HdrHistogram interval logs, version 1.3: a file for each arm and kind of traffic, an interval for each
 * trial that counts, with its arm and round as the tag. Every bucket of the run file is in them, so the
 * log reader, the plotter and the processor of HdrHistogram see what we saw. Values are microseconds.
 */
import { join } from 'node:path';
import * as hdr from 'hdr-histogram-js';
import { decodeHistogram } from '../../../core/histogram.ts';
import type { Arm, Flow, Point, RunResult, Trial } from '../../../core/result.ts';
import { flows, pointName } from '../../../core/result.ts';
import { countedTrials } from '../../derive.ts';
import type { Traffic } from '../../flow.ts';
import { trafficOf } from '../../flow.ts';
import { writeNamed } from '../../run-file.ts';
import type { ExportFormat } from '../format.ts';

/** Column three of a log is in milliseconds by custom. */
const US_PER_MS = 1_000;

const NAMES = { delivery: 'latency', request: 'request', ask: 'ask' } as const satisfies Record<
  Flow,
  string
>;
const SINCE = { due: 'it was due', sent: 'it was sent' } as const;

export const hlog: ExportFormat = {
  destination: 'folder',
  name: 'hlog',
  help: 'HdrHistogram logs, one for each arm',
  async write(run, to) {
    const logs = hdrLogs(run).map(({ name, text }) => ({ path: join(to, name), text }));
    for (const { path, text } of logs) writeNamed(path, text, 'export-not-written');
    return logs.map(({ path }) => path);
  },
};

export interface HdrLog {
  readonly name: string;
  readonly text: string;
}

export function hdrLogs(run: RunResult): HdrLog[] {
  return run.points.flatMap((point) =>
    run.arms.flatMap((arm) =>
      flows.flatMap((flow) =>
        (['due', 'sent'] as const).flatMap((since) => logOf(run, arm, point, flow, since) ?? []),
      ),
    ),
  );
}

function logOf(
  run: RunResult,
  arm: Arm,
  point: Point,
  flow: Flow,
  since: keyof typeof SINCE & keyof Traffic,
): HdrLog | undefined {
  const intervals = countedTrials(run, arm.name, point).flatMap((trial) => {
    const encoded = trafficOf(trial, flow)?.[since];
    const histogram = encoded === undefined ? undefined : decodeHistogram(encoded);
    return histogram === undefined || histogram.totalCount === 0 ? [] : [{ trial, histogram }];
  });
  if (intervals.length === 0) return undefined;
  let text = '';
  const writer = new hdr.HistogramLogWriter((line) => {
    // The writer ends the line of the start time twice, and a blank line is no part of the format.
    text += line.replace(/\n+$/, '\n');
  });
  const at = pointName(point);
  writer.outputComment(
    `[pushbench ${oneLine(run.id)}: ${NAMES[flow]} of ${oneLine(arm.name)}${at === '' ? '' : ` at ${oneLine(at)}`}, microseconds from when ${SINCE[since]}; Interval_Max is in milliseconds]`,
  );
  writer.outputLogFormatVersion();
  writer.outputStartTime(Date.parse(run.startedAt));
  writer.outputLegend();
  for (const { trial, histogram } of intervals.sort(byStart)) {
    histogram.tag = tagText(`${arm.name}.round-${trial.round + 1}`);
    // Whole seconds since 1970, as the start time above: readers then know that they are absolute.
    const { from, to } = timesOf(trial);
    writer.outputIntervalHistogram(histogram, from / 1e3, to / 1e3, US_PER_MS);
  }
  const parts = [
    arm.name,
    ...(at === '' ? [] : [at]),
    NAMES[flow],
    ...(since === 'sent' ? ['sent'] : []),
  ];
  return { name: `${parts.map(fileText).join('.')}.hlog`, text };
}

type Interval = { readonly trial: Trial };
const byStart = (a: Interval, b: Interval): number => timesOf(a.trial).from - timesOf(b.trial).from;

/** When the measured phases of a trial were, ms since 1970; of the whole trial, where none is known. */
function timesOf({ startedAt, phases }: Trial): { readonly from: number; readonly to: number } {
  const started = Date.parse(startedAt);
  const [first] = phases;
  const measured = phases.filter((one) => one.measured);
  const from = Math.min(...measured.map(({ startNs }) => startNs));
  const to = Math.max(...measured.map(({ endNs }) => endNs));
  if (first === undefined || measured.length === 0) return { from: started, to: started };
  const since = (ns: number): number => started + (ns - first.startNs) / 1e6;
  return { from: since(from), to: since(to) };
}

/** Commas, blanks and ends of lines separate fields. */
const tagText = (text: string): string => text.replace(/[\s,]+/g, '_');
const fileText = (text: string): string => text.replace(/[^\w.=+-]+/g, '_').replace(/^\.+/, '_');
const oneLine = (text: string): string => text.replace(/[\r\n]+/g, ' ');
