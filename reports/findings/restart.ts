/** What replacing the processes of a server one by one came to: how long clients were away, and what it cost them. */
import type { FaultRecord } from '../../core/records/fault.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { formatPercent } from '../../core/units.ts';
import { titleWithoutVariant } from '../arm-variants.ts';
import { countedTrials } from '../derive.ts';
import { figureText } from '../figure-text.ts';
import type { MetricId } from '../metrics/registry.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';
import { comebackFigure, predictedOf } from './reconnect.ts';

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
        'reconnect.handshake.p50',
        'reconnect.handshake.p99',
        'reconnect.herd',
        'reconnect.refused.herd',
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
      return `${text('restart.outage.p50')} in the median and ${text('restart.outage.max')} at most over ${titleWithoutVariant(run.arms, arm)}`;
    });
    return [`${how}, a client was away for ${figures.join(', ')}`];
  });
  return `${parts.join('. ')}.`;
}

function priceSentence(run: RunResult, point: Point, arms: readonly ArmRecords[]): string {
  const cuts = arms.map(
    (one) => `${figureText(run, one.arm, point, 'restart.cuts').text} times (${nameOf(run, one)})`,
  );
  const refused = eachText(run, arms, ({ refused: count }) => count);
  const away = eachText(run, arms, ({ away: count }) => count);
  return [
    lossText(run, point, arms),
    `Each client was cut off ${cuts.join(', ')}: more than once where it came back to a process that was still to be replaced.`,
    refused === '' ? 'No attempt to come back was refused.' : `Attempts refused: ${refused}.`,
    ...(away === '' ? [] : [`Clients that never came back: ${away}.`]),
  ].join(' ');
}

/** '12 (SSE, drained), 30 (WebSocket, killed)', over all rounds; '' where there were none. */
function eachText(
  run: RunResult,
  arms: readonly ArmRecords[],
  pick: (record: FaultRecord) => number | undefined,
): string {
  return arms
    .flatMap((one) => {
      const sum = one.records.reduce((total, record) => total + (pick(record) ?? 0), 0);
      return sum === 0 ? [] : [`${whole(sum)} (${nameOf(run, one)})`];
    })
    .join(', ');
}

/** With how its processes end, which the title of the first variant leaves out: 'SSE, drained'. */
function nameOf(run: RunResult, { arm, records }: ArmRecords): string {
  const how = records[0]?.cut === 'drain' ? 'drained' : 'killed';
  return `${titleWithoutVariant(run.arms, arm)}, ${how}`;
}

function lossText(run: RunResult, point: Point, arms: readonly ArmRecords[]): string {
  const wrong = arms.flatMap((one) => {
    const { arm } = one;
    const sum = { expected: 0, lost: 0, duplicated: 0, reordered: 0 };
    for (const { ledger } of countedTrials(run, arm.name, point)) {
      sum.expected += ledger?.expected ?? 0;
      sum.lost += ledger?.lost ?? 0;
      sum.duplicated += ledger?.duplicated ?? 0;
      sum.reordered += ledger?.reordered ?? 0;
    }
    const { lost, duplicated, reordered, expected } = sum;
    if (lost + duplicated + reordered === 0) return [];
    const predicted = predictedOf(countedTrials(run, arm.name, point));
    const foreseen =
      predicted === undefined
        ? ''
        : ` (the time away predicts ${formatPercent(predicted / Math.max(1, expected))})`;
    const parts = [
      `${formatPercent(lost / Math.max(1, expected))} of all deliveries lost${foreseen}`,
      ...(duplicated > 0 ? [`${whole(duplicated)} twice`] : []),
      ...(reordered > 0 ? [`${whole(reordered)} out of order`] : []),
    ];
    return [`${nameOf(run, one)}: ${parts.join(', ')}`];
  });
  if (wrong.length > 0) return `${wrong.join('; ')}.`;
  const replayed = eachText(run, arms, (record) => record.replayed);
  const again =
    replayed === ''
      ? ''
      : `; replayed by another process than the one that had been there before: ${replayed}`;
  return `Nothing was lost, nothing came twice or out of order${again}.`;
}
