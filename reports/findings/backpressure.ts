/** What clients that stopped reading came to: for those who read on, for the server, and for themselves. */

import { median } from '../../core/median.ts';
import type { StallRecord } from '../../core/records/stall.ts';
import type { Arm, Point, RunResult, Trial } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatBytes, formatCount, formatMicroseconds } from '../../core/units.ts';
import { armInVariant } from '../arm-variants.ts';
import { countedTrials } from '../derive.ts';
import { figureText } from '../figure-text.ts';
import type { View } from '../html/view.ts';
import type { MetricId } from '../metrics/registry.ts';
import { evictedOf } from '../metrics/stall.ts';
import { ofEachPoint } from './each-point.ts';
import type { Finding } from './finding.ts';
import { stallFigure } from './stall-figure.ts';
import { growthText, memoryBeyondCalm } from './stall-memory.ts';

/** The kernel alone was seen to take this much for one client that does not read, and more where it may. */
const LITTLE_BYTES = 16 * 2 ** 20;

export const backpressureFinding: Finding = {
  applies: ({ trials }) => trials.some(({ stall }) => stall !== undefined),
  answer: (run) =>
    ofEachPoint(run, (point) => {
      const all = stallTrials(run, point);
      if (!all.some(({ stall }) => stall !== undefined && stall.planned > 0)) return [];
      const arms = stalledArms(run, point);
      return [
        othersSentence(run, point, arms),
        priceSentence(run, point, arms),
        fateSentence(run, point, arms),
        accountsSentence(all),
        doubtSentence(run, point, arms, all),
      ];
    }),
  figure: (view: View) => stallFigure(view),
};

function recordsOf(run: RunResult, arm: Arm, point: Point): StallRecord[] {
  return countedTrials(run, arm.name, point).flatMap(({ stall }) => stall ?? []);
}

/** Of every arm at the point, calm ones and those that do not count too: why they do not may be what there is to say. */
function stallTrials(run: RunResult, point: Point): Trial[] {
  return run.trials.filter(
    (trial) => trial.stall !== undefined && pointName(trial.point) === pointName(point),
  );
}

/** Arms in which somebody stalled. */
function stalledArms(run: RunResult, point: Point): Arm[] {
  return run.arms.filter((arm) => recordsOf(run, arm, point).some(({ stalled }) => stalled > 0));
}

/** The same arm with nobody stalling. */
const calmOf = (run: RunResult, arm: Arm): Arm | undefined => armInVariant(run.arms, arm, 'calm');

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
    const calm = calmOf(run, arm);
    const memory =
      calm &&
      memoryBeyondCalm(countedTrials(run, arm.name, point), countedTrials(run, calm.name, point));
    const grown = memory === undefined ? '' : `, and its memory grew ${growthText(memory)}`;
    return `${kernel} of ${offered} in the kernel and ${buffered} buffered by itself${grown}`;
  });
  return held === undefined
    ? undefined
    : `Of what each of them did not read, the server had at the last look ${held}. What is missing to the whole had been left out.`;
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
    const stalled = total(records, (one) => one.stalled);
    const evicted = total(records, evictedOf);
    const dropped = median(
      records.flatMap(({ accounts, stalled: all }) => (all > 0 ? [accounts.dropped / all] : [])),
    );
    const inFlight = textOf(run, arm, point, 'stall.inflight');
    const sent =
      evicted === 0
        ? []
        : [
            `${whole(evicted)} of ${whole(stalled)}${evictionText(run, arm, point)}, each with ${inFlight} ${inFlight === '1' ? 'delivery' : 'deliveries'} in flight`,
          ];
    const waited =
      policy === 'block'
        ? [`publishing stood still for ${textOf(run, arm, point, 'block.time')}`]
        : [];
    const left = dropped === undefined || evicted > 0 ? [] : [`${whole(dropped)} deliveries each`];
    const caughtUp = textOf(run, arm, point, 'stall.caughtup');
    const back =
      evicted === stalled || caughtUp === '–'
        ? []
        : [
            `caught up ${caughtUp} after they read again, with messages up to ${textOf(run, arm, point, 'stall.stale.max')} old before that`,
          ];
    const parts = [...waited, ...sent, ...left, ...back];
    return parts.length === 0 ? undefined : parts.join(', ');
  });
  const did = POLICIES[policy] ?? 'acted';
  return fates === undefined ? undefined : `The policy ${policy} ${did}: ${fates}.`;
}

/** When they were sent away; nothing where that is known of none, and of how many, where not of all. */
function evictionText(run: RunResult, arm: Arm, point: Point): string {
  const records = recordsOf(run, arm, point);
  const median = textOf(run, arm, point, 'stall.eviction');
  if (median === '–') return '';
  const times = total(records, (one) => (one.othersClosed > 0 ? 0 : one.evictedMs.length));
  const known =
    times < total(records, evictedOf) ? ` (of the ${whole(times)} of whom that is known)` : '';
  return ` after ${median}${known}`;
}

function accountsSentence(all: readonly Trial[]): string | undefined {
  const found = all.flatMap(({ stall }) => stall?.accounts.disagreement ?? []);
  if (found.length === 0) return undefined;
  const wrong = found.filter((one) => one > 0);
  const subject = 'What the server says it left out and what the clients miss';
  if (wrong.length > 0) {
    return `${subject} disagree in ${whole(wrong.length)} of ${formatCount(found.length, 'trial')}, by ${whole(Math.max(...wrong))} deliveries at most.`;
  }
  return found.length === all.length
    ? `${subject} agree to the last delivery in all ${formatCount(found.length, 'trial')}.`
    : `${subject} agree to the last delivery in the ${whole(found.length)} of ${formatCount(all.length, 'trial')} in which both can be counted.`;
}

/** What would make the rest mean less than it seems to. */
function doubtSentence(
  run: RunResult,
  point: Point,
  arms: readonly Arm[],
  all: readonly Trial[],
): string | undefined {
  const trials = arms.flatMap((arm) => countedTrials(run, arm.name, point));
  const offered = Math.min(...trials.flatMap(({ stall }) => stall?.offeredBytes ?? []));
  const doubts = [
    ...(offered < LITTLE_BYTES
      ? [
          `each was offered only ${formatBytes(offered)}, which the kernel may take alone before the server has anything to buffer: try a longer --stall, a higher --rate or a larger --payload`,
        ]
      : []),
    ...unpressed(trials),
    ...cutOff(all),
  ];
  return doubts.length === 0 ? undefined : `But ${doubts.join('; ')}.`;
}

/** Clients that the policy never had to do with. */
function unpressed(trials: readonly Trial[]): string[] {
  const records = trials.flatMap(({ stall }) => stall ?? []);
  const stalled = total(records, (one) => one.stalled);
  if (records.every(({ policy }) => policy === 'disconnect')) {
    const evicted = total(records, evictedOf);
    const lost = total(records, (one) => Math.max(0, (one.closed ?? 0) - evictedOf(one)));
    const kept = stalled - evicted - lost;
    return [
      ...(kept <= 0
        ? []
        : [
            `${whole(kept)} of ${whole(stalled)} were not sent away: for them the kernel took what was offered, or they read enough`,
          ]),
      ...(lost === 0
        ? []
        : [
            `${whole(lost)} of ${whole(stalled)} lost their connection otherwise, or before they stopped`,
          ]),
    ];
  }
  const untouched = trials.filter(
    ({ stall, probes }) =>
      // Who was waited for long enough lacks nothing, and was not let alone all the same.
      stall?.accounts.dropped === 0 && (probes['blockedNs'] ?? 0) === 0,
  ).length;
  return untouched === 0
    ? []
    : [
        `in ${whole(untouched)} of ${formatCount(trials.length, 'trial')} nothing had to be left out: the kernel and the buffers took what was offered`,
      ];
}

/** Of those who read all the time; trials in which that happens do not count, and are spoken of all the same. */
function cutOff(all: readonly Trial[]): string[] {
  const hit = all.flatMap(({ stall }) =>
    stall !== undefined && stall.othersClosed > 0 ? [stall] : [],
  );
  if (hit.length === 0) return [];
  const clients = total(hit, (one) => one.othersClosed);
  return [
    `in ${whole(hit.length)} of ${formatCount(all.length, 'trial')} ${formatCount(clients, 'client')} that read all the time lost the connection too`,
  ];
}

const total = (records: readonly StallRecord[], pick: (record: StallRecord) => number): number =>
  records.reduce((sum, one) => sum + pick(one), 0);
