/**
 * What the ends of several connections say together. Each possible cause is a hypothesis that predicts
 * something: who is cut, after how long, and who must have survived. Those that what was seen does not
 * contradict are the answer; often that is more than one, and then so is the answer.
 *
 * ```
 *                     silent for T:  server   client   both     old as T
 * quiet               ● cut at T     ✓        ✓        ✓        ✓
 * pongs (client only) ● cut at T     ✓        ✗        ✗        ✓
 * pings (both)        ─── lives      ✓        ✓        ✓        ✗
 * ```
 */

import { median } from '../../core/median.ts';
import type { IdleVerdict, IdleWatch, Silent } from '../../core/records/probe.ts';

/** Timers of proxies are coarse, and so is a busy machine; what is short is told more finely. */
const TOLERANCE_SHARE = 0.1;
const SHORT_SHARE = 0.25;
const TOLERANCE_MS = 300;
/** Silences that were survived again and again explain nothing, if an age does. */
const COMMONPLACE = 1.25;

const hypotheses = ['both', 'server', 'client'] as const satisfies readonly Silent[];

export function judgeIdle(watches: readonly IdleWatch[]): IdleVerdict {
  const cuts = watches.filter(({ end }) => end.how !== 'open' && end.how !== 'swallowed');
  const swallowed = watches.filter(({ end }) => end.how === 'swallowed');
  const lowOf = (silent: Silent): number =>
    Math.max(0, ...watches.map(({ survived }) => survived[silent]));
  if (cuts.length === 0 && swallowed.length === 0) {
    return {
      kind: 'none',
      silent: [],
      maybeAge: false,
      lowMs: lowOf('server'),
      highMs: undefined,
      cutMs: undefined,
      cuts: 0,
    };
  }
  if (cuts.length === 0) {
    // What is swallowed shows only when somebody speaks: it happened at some time before.
    return {
      kind: 'swallowed',
      silent: ['both'],
      maybeAge: false,
      lowMs: lowOf('both'),
      highMs: Math.min(...swallowed.map(swallowedAfter)),
      cutMs: undefined,
      cuts: swallowed.length,
    };
  }
  const ages = cuts.map(({ ageMs }) => ageMs);
  const maybeAge = agree(ages) && watches.every((one) => livedNoLonger(one.ageMs, ages));
  const silent = hypotheses.filter((who) => {
    const silences = cuts.map(({ lastSilence }) => lastSilence[who]);
    if (maybeAge && (median(silences) ?? 0) <= COMMONPLACE * lowOf(who)) return false;
    return (
      agree(silences) && watches.every((one) => livedNoLonger(longestLived(one, who), silences))
    );
  });
  const [first] = silent;
  const ends = first === undefined ? ages : cuts.map(({ lastSilence }) => lastSilence[first]);
  const kind = first === undefined ? (maybeAge ? 'age' : 'unclear') : 'cut';
  return {
    kind,
    silent,
    maybeAge,
    lowMs: first === undefined ? 0 : lowOf(first),
    highMs: Math.min(...ends),
    // Without one cause a middle of different things would mean nothing.
    cutMs: kind === 'unclear' ? undefined : median(ends),
    cuts: cuts.length,
  };
}

/** A ping into what swallows it ends a silence as the client sees it, so the interval of pings is what counts. */
function swallowedAfter({ talk, lastSilence }: IdleWatch): number {
  return talk.everyMs ?? lastSilence.both;
}

/** The longest silence that did no harm. What goes on in a connection that is open may still do some. */
function longestLived({ end, survived, lastSilence }: IdleWatch, who: Silent): number {
  return end.how === 'open' ? Math.max(survived[who], lastSilence[who]) : survived[who];
}

function agree(values: readonly number[]): boolean {
  const middle = median(values) ?? 0;
  return Math.max(...values) - Math.min(...values) <= tolerance(middle);
}

function livedNoLonger(value: number, cuts: readonly number[]): boolean {
  const middle = median(cuts) ?? 0;
  return value <= middle + tolerance(middle);
}

const tolerance = (ms: number): number =>
  Math.max(TOLERANCE_SHARE * ms, Math.min(TOLERANCE_MS, SHORT_SHARE * ms));
