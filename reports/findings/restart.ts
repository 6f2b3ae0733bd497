/** What replacing the processes of a server one by one came to: how long clients were away, and what it cost them. */
import type { FaultRecord } from '../../core/records/fault.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { formatPercent } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import { figureText } from '../figure-text.ts';
import type { MetricId } from '../metrics/registry.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';
import { comebackFigure } from './reconnect.ts';

export const restartFinding: Finding = {
  applies: ({ scenario, trials }) =>
    scenario.name === 'restart' && trials.some(({ fault }) => fault !== undefined),
  answer: (run) =>
    ofEachPoint(run, (point) => {
      const arms = armsWith(run, point);
      if (arms.length === 0) return [];
      return [awaySentence(run, point, arms), priceSentence(run, point, arms)];
    }),
  figure: (view) =>
    comebackFigure(view, {
      title: 'One process after the other',
      lookFor:
        'The band is the time from the end of the first process until all had been replaced and everybody was back. Each drop is one process; a slope down is a drain, a step a kill. Who came back to a process that was still to be replaced is in the next drop again.',
      table: [
        'restart.outage.p50',
        'restart.outage.p99',
        'restart.outage.max',
        'restart.cuts',
        'latency.p99',
        'reconnect.handshake.p99',
        'reconnect.herd',
        'reconnect.cpu',
        'reconnect.attempts',
        'reconnect.refused',
        'reconnect.away',
        'reconnect.replayed',
        'reconnect.gaps',
        'reconnect.lost',
        'reconnect.lost.predicted',
      ],
    }),
};

interface ArmRecords {
  readonly arm: Arm;
  readonly records: readonly FaultRecord[];
}

function armsWith(run: RunResult, point: Point): ArmRecords[] {
  return run.arms.flatMap((arm) => {
    const records = countedTrials(run, arm.name, point).flatMap(({ fault }) => fault ?? []);
    return records.length === 0 ? [] : [{ arm, records }];
  });
}

const whole = (value: number): string => value.toLocaleString('en-US');

const WAYS: Readonly<Record<string, string>> = {
  drain: 'With the processes drained, and clients told when to come back',
  'rolling-kill': 'With the processes killed, and clients trying again at random',
};

function awaySentence(run: RunResult, point: Point, arms: readonly ArmRecords[]): string {
  const parts = Object.entries(WAYS).flatMap(([cut, how]) => {
    const ofCut = arms.filter(({ records }) => records[0]?.cut === cut);
    if (ofCut.length === 0) return [];
    const figures = ofCut.map(({ arm }) => {
      const text = (id: MetricId): string => figureText(run, arm, point, id).text;
      return `${text('restart.outage.p50')} in the median and ${text('restart.outage.max')} at most over ${protocolOf(arm)}`;
    });
    return [`${how}, a client was away for ${figures.join(', ')}`];
  });
  return `${parts.join('. ')}.`;
}

/** Without the name of the variant, which the sentence says already. */
function protocolOf({ title }: Arm): string {
  return title.replace(/, (?:drained|killed)$/, '');
}

function priceSentence(run: RunResult, point: Point, arms: readonly ArmRecords[]): string {
  const sum = (pick: (record: FaultRecord) => number | undefined): number =>
    arms
      .flatMap(({ records }) => records)
      .reduce((total, record) => total + (pick(record) ?? 0), 0);
  const cuts = arms.map(
    ({ arm }) => `${figureText(run, arm, point, 'restart.cuts').text} times (${arm.title})`,
  );
  const refused = sum((record) => record.refused);
  const away = sum((record) => record.away);
  return [
    lossText(run, point, arms),
    `Each client was cut off ${cuts.join(', ')}: more than once where it came back to a process that was still to be replaced.`,
    refused === 0
      ? 'No attempt to come back was refused.'
      : `${whole(refused)} attempts to come back were refused.`,
    ...(away === 0 ? [] : [`${whole(away)} clients never came back.`]),
  ].join(' ');
}

function lossText(run: RunResult, point: Point, arms: readonly ArmRecords[]): string {
  const wrong = arms.flatMap(({ arm }) => {
    const sum = { expected: 0, lost: 0, duplicated: 0, reordered: 0 };
    for (const { ledger } of countedTrials(run, arm.name, point)) {
      sum.expected += ledger?.expected ?? 0;
      sum.lost += ledger?.lost ?? 0;
      sum.duplicated += ledger?.duplicated ?? 0;
      sum.reordered += ledger?.reordered ?? 0;
    }
    const { lost, duplicated, reordered, expected } = sum;
    if (lost + duplicated + reordered === 0) return [];
    const parts = [
      `${formatPercent(lost / Math.max(1, expected))} of all deliveries lost`,
      ...(duplicated > 0 ? [`${whole(duplicated)} twice`] : []),
      ...(reordered > 0 ? [`${whole(reordered)} out of order`] : []),
    ];
    return [`${arm.title} ${parts.join(', ')}`];
  });
  if (wrong.length > 0) return `${wrong.join('; ')}.`;
  const replayed = arms
    .flatMap(({ records }) => records)
    .reduce((total, record) => total + (record.replayed ?? 0), 0);
  return `Nothing was lost, nothing came twice or out of order; ${whole(replayed)} deliveries were replayed by another process than the one that had been there before.`;
}
