/** What clients that stopped reading came to: for those who read on, for the server, and for themselves. */

import { median } from '../../core/median.ts';
import type { StallRecord } from '../../core/records/stall.ts';
import type { Arm, Point, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatBytes, formatMicroseconds } from '../../core/units.ts';
import { countedTrials } from '../derive.ts';
import { figureText } from '../figure-text.ts';
import type { View } from '../html/view.ts';
import type { MetricId } from '../metrics/registry.ts';
import { memoryGrowth } from '../metrics/stall.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';
import { stallFigure } from './stall-figure.ts';

/** The kernel alone was seen to take this much for one client that does not read, and more where it may. */
const LITTLE_BYTES = 16 * 2 ** 20;

export const backpressureFinding: Finding = {
  applies: ({ trials }) => trials.some(({ stall }) => stall !== undefined),
  answer: (run) =>
    ofEachPoint(run, (point) => {
      const arms = stalledArms(run, point);
      if (arms.length === 0) return [];
      return [
        othersSentence(run, point, arms),
        priceSentence(run, point, arms),
        fateSentence(run, point, arms),
        accountsSentence(run, point, arms),
        doubtSentence(run, point, arms),
      ];
    }),
  figure: (view: View) => stallFigure(view),
};

function recordsOf(run: RunResult, arm: Arm, point: Point): StallRecord[] {
  return countedTrials(run, arm.name, point).flatMap(({ stall }) => stall ?? []);
}

/** Arms in which somebody stalled. */
function stalledArms(run: RunResult, point: Point): Arm[] {
  return run.arms.filter((arm) => recordsOf(run, arm, point).some(({ stalled }) => stalled > 0));
}

/** The same arm with nobody stalling. */
function calmOf(run: RunResult, { name }: Arm): Arm | undefined {
  return run.arms.find((arm) => arm.variant === 'calm' && arm.name === `${name}-calm`);
}

const textOf = (run: RunResult, arm: Arm, point: Point, id: MetricId): string =>
  figureText(run, arm, point, id).text;

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** 'over SSE …; over WebSocket …' of those arms of which something is known; undefined where of none. */
function perArm(arms: readonly Arm[], says: (arm: Arm) => string | undefined): string | undefined {
  const parts = arms.flatMap((arm) => {
    const text = says(arm);
    return text === undefined ? [] : [`over ${arm.title} ${text}`];
  });
  return parts.length === 0 ? undefined : parts.join('; ');
}

function othersSentence(run: RunResult, point: Point, arms: readonly Arm[]): string | undefined {
  const first = arms[0] && recordsOf(run, arms[0], point)[0];
  if (first === undefined) return undefined;
  const { planned, readBytesPerS, fromMs, untilMs, healthy } = first;
  const what = readBytesPerS === 0 ? 'read nothing' : `read ${formatBytes(readBytesPerS)}/s`;
  const how = `${what} for ${formatMicroseconds((untilMs - fromMs) * 1_000)}`;
  if (healthy.clients === 0)
    return `All ${whole(planned)} clients ${how}, so there is nobody who could have noticed.`;
  const who = `${whole(planned)} of ${whole(planned + healthy.clients)} clients`;
  const noticed = perArm(arms, (arm) => {
    const of = (one: Arm): string => {
      const p99 = figureText(run, one, point, 'healthy.p99');
      // Few rounds have too few broadcasts for a tail; the table says how many.
      const tail = p99.note === undefined ? ` (p50) and ${p99.text} (p99)` : ' (p50)';
      return `${textOf(run, one, point, 'healthy.p50')}${tail}`;
    };
    const calm = calmOf(run, arm);
    const against =
      calm === undefined ? '' : `, without them ${of(calm)}: ${verdictText(run, point, arm, calm)}`;
    return `${of(arm)}${against}`;
  });
  return `While ${who} ${how}, messages to the others took ${noticed}. Of what was due to the others, ${arms.map((arm) => `${textOf(run, arm, point, 'healthy.reach')} came over ${arm.title}`).join(' and ')}.`;
}

const VERDICTS: Readonly<Record<string, string>> = {
  better: 'shorter',
  worse: 'longer',
  same: 'no relevant difference',
  'small-but-real': 'a small difference, but real',
  unclear: 'unclear',
  'not-comparable': 'not comparable',
};

/** Of the median, which far fewer broadcasts settle than the tail. */
function verdictText(run: RunResult, point: Point, arm: Arm, calm: Arm): string {
  const found = run.comparisons.find(
    (one) =>
      one.metric === 'healthy.p50' &&
      one.arm === arm.name &&
      one.against === calm.name &&
      pointName(one.point) === pointName(point),
  );
  return `${(found && VERDICTS[found.verdict]) ?? 'not compared'} at p50`;
}

function priceSentence(run: RunResult, point: Point, arms: readonly Arm[]): string | undefined {
  const held = perArm(arms, (arm) => {
    const records = recordsOf(run, arm, point);
    if (records.every((record) => record.held === undefined)) return undefined;
    const [offered, buffered, kernel] = (
      ['stall.offered', 'stall.buffered', 'stall.kernel'] as const
    ).map((id) => textOf(run, arm, point, id));
    const memory = beyondCalm(run, arm, point);
    const grown =
      memory === undefined
        ? ''
        : `, and its memory grew by ${formatBytes(memory)} per stalled client more than without them`;
    return `${kernel} of ${offered} in the kernel and ${buffered} buffered by itself${grown}`;
  });
  return held === undefined
    ? undefined
    : `Of what each of them did not read, the server had at the last look ${held}. What is missing to the whole had been left out.`;
}

/** Growth of the resident set beyond that of the same time in which nobody stalled, per stalled client. */
function beyondCalm(run: RunResult, arm: Arm, point: Point): number | undefined {
  const calm = calmOf(run, arm);
  if (calm === undefined) return undefined;
  const grown = median(recordsOf(run, arm, point).flatMap((one) => memoryGrowth(one) ?? []));
  const anyway = median(recordsOf(run, calm, point).flatMap((one) => memoryGrowth(one) ?? []));
  const stalled = median(recordsOf(run, arm, point).map((one) => one.stalled));
  if (grown === undefined || anyway === undefined || !stalled) return undefined;
  return (grown - anyway) / stalled;
}

/** What each policy does, behind 'The policy'. */
const POLICIES: Readonly<Record<string, string>> = {
  'drop-newest': 'left out what came while too much was buffered',
  'drop-oldest': 'left out the oldest that waited',
  'keep-latest': 'kept the latest and left out what it replaced',
  disconnect: 'sent those away for whom too much was buffered',
  block: 'made everybody wait for them, for a bounded time',
};

function fateSentence(run: RunResult, point: Point, arms: readonly Arm[]): string | undefined {
  const policy = arms.flatMap((arm) => recordsOf(run, arm, point))[0]?.policy;
  if (policy === undefined) return undefined;
  const fates = perArm(arms, (arm) => {
    const records = recordsOf(run, arm, point);
    const stalled = records.reduce((sum, one) => sum + one.stalled, 0);
    const evicted = records.reduce((sum, one) => sum + one.evictedMs.length, 0);
    const dropped = median(
      records.flatMap(({ accounts, stalled: all }) => (all > 0 ? [accounts.dropped / all] : [])),
    );
    const sent =
      evicted === 0
        ? []
        : [
            `${whole(evicted)} of ${whole(stalled)} after ${textOf(run, arm, point, 'stall.eviction')}, each with ${textOf(run, arm, point, 'stall.inflight')} deliveries in flight`,
          ];
    const left = dropped === undefined || evicted > 0 ? [] : [`${whole(dropped)} deliveries each`];
    const caughtUp = textOf(run, arm, point, 'stall.caughtup');
    const back =
      evicted === stalled || caughtUp === '–'
        ? []
        : [
            `caught up ${caughtUp} after they read again, with messages up to ${textOf(run, arm, point, 'stall.stale.max')} old before that`,
          ];
    const parts = [...sent, ...left, ...back];
    return parts.length === 0 ? undefined : parts.join(', ');
  });
  const did = POLICIES[policy] ?? 'acted';
  return fates === undefined ? undefined : `The policy ${policy} ${did}: ${fates}.`;
}

function accountsSentence(run: RunResult, point: Point, arms: readonly Arm[]): string | undefined {
  // Also of trials that do not count because of it: that is what there is to say.
  const all = arms.flatMap((arm) =>
    run.trials.filter(
      (trial) => trial.arm === arm.name && pointName(trial.point) === pointName(point),
    ),
  );
  const found = all.flatMap(({ stall }) => stall?.accounts.disagreement ?? []);
  if (found.length === 0) return undefined;
  const wrong = found.filter((one) => one > 0);
  return wrong.length === 0
    ? `What the server says it left out and what the clients miss agree to the last delivery in all ${whole(found.length)} trials.`
    : `What the server says it left out and what the clients miss disagree in ${whole(wrong.length)} of ${whole(found.length)} trials, by ${whole(Math.max(...wrong))} deliveries at most.`;
}

/** What would make the rest mean less than it seems to. */
function doubtSentence(run: RunResult, point: Point, arms: readonly Arm[]): string | undefined {
  const records = arms.flatMap((arm) => recordsOf(run, arm, point));
  const offered = Math.min(...records.map(({ offeredBytes }) => offeredBytes));
  const doubts = [
    ...(offered < LITTLE_BYTES
      ? [
          `each was offered only ${formatBytes(offered)}, which the kernel may take alone before the server has anything to buffer: try a longer --stall, a higher --rate or a larger --payload`,
        ]
      : []),
    ...unpressed(records),
    ...(records.some(({ othersClosed }) => othersClosed > 0)
      ? [
          `${whole(records.reduce((sum, one) => sum + one.othersClosed, 0))} clients that read all the time were cut off too`,
        ]
      : []),
  ];
  return doubts.length === 0 ? undefined : `But ${doubts.join('; ')}.`;
}

/** Clients that the policy never had to do with. */
function unpressed(records: readonly StallRecord[]): string[] {
  const stalled = records.reduce((sum, one) => sum + one.stalled, 0);
  if (records.every(({ policy }) => policy === 'disconnect')) {
    const kept = stalled - records.reduce((sum, one) => sum + one.evictedMs.length, 0);
    return kept <= 0
      ? []
      : [
          `${whole(kept)} of ${whole(stalled)} were not sent away: for them the kernel took what was offered, or they read enough`,
        ];
  }
  const untouched = records.filter(({ accounts }) => accounts.dropped === 0).length;
  return untouched === 0
    ? []
    : [
        `in ${whole(untouched)} of ${whole(records.length)} trials nothing had to be left out: the kernel and the buffers took what was offered`,
      ];
}
