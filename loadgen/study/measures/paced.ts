/**
 * What a path adds to the delay of each event at a pace, and whether events come together that were sent
 * apart. The server gives no advice on buffering, as most do not; where a stream suffers from that it is
 * measured once more with `X-Accel-Buffering: no`.
 */

import { formatPercent } from '../../../core/units.ts';
import type { Arrivals } from '../../probing/arrivals.ts';
import { measureArrivals } from '../../probing/arrivals.ts';
import { measureClumping } from '../../probing/clumping.ts';
import { withoutAdvice } from '../../probing/origin-line.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { msText, seen, typical } from '../figures.ts';
import type { Found, Measure, StudyPath } from '../measure.ts';

/** How long the last event may take, ms. */
const GRACE_MS = 1_000;
/** More than this is felt, ms. */
const SLOW_MS = 5;
export const LATE_MS = 50;
export const CLUMPED_SHARE = 0.1;

function pace(name: string, title: string, count: number, everyMs: number): Measure {
  return {
    name,
    title,
    question: `What does each event cost in time when one comes every ${msText(everyMs)}, and do they come together?`,
    waits: false,
    takesMs: () => ({ alone: 2 * count * everyMs + 200, waits: 0 }),
    async look(path) {
      const direct = await arrivals(path, 'direct', true);
      const through = await arrivals(path, 'endpoint', true).catch((error: unknown) => {
        // Even the head is kept back until there is more behind it.
        if (error instanceof ProbeFailure && error.kind === 'silent') return nothing(count);
        throw error;
      });
      const bad = through.missing > 0 || shareOf(through) > CLUMPED_SHARE;
      const advised =
        bad && path.transport === 'sse' ? await arrivals(path, 'endpoint', false) : undefined;
      const p50 = through.delayMs?.p50;
      return {
        figures: seen({
          p50Ms: p50,
          maxMs: through.delayMs?.max,
          directP50Ms: direct.delayMs?.p50,
          addedMs:
            p50 === undefined || direct.delayMs === undefined
              ? undefined
              : p50 - direct.delayMs.p50,
          clumpedShare: shareOf(through),
          groupSize: through.groupSize,
          heldMs: through.heldMs,
          sent: through.sent,
          missing: through.missing,
          advisedMissing: advised?.missing,
          advisedClumpedShare: advised && shareOf(advised),
        }),
        facts: {},
      };
    },
    judge: (found, { route }) => judge(found, route),
    agreement: { figure: 'p50Ms', share: 1, slack: 2 },
  };

  function arrivals(
    { origin, signal, ...path }: StudyPath,
    which: 'direct' | 'endpoint',
    plain: boolean,
  ): Promise<Arrivals> {
    const measured = { endpoint: path[which], origin };
    return measureArrivals({
      ...(plain ? withoutAdvice(measured) : measured),
      count,
      everyMs,
      graceMs: GRACE_MS,
      signal,
    });
  }
}

function judge(found: readonly Found[], route: string): ReturnType<Measure['judge']> {
  const figure = (name: string): number | undefined => typical(found, name);
  const [sent = 0, missing = 0] = [figure('sent'), figure('missing')];
  const clumped = figure('clumpedShare') ?? 0;
  const advisedMissing = figure('advisedMissing');
  const helped =
    advisedMissing === undefined
      ? ''
      : advisedMissing === 0 && (figure('advisedClumpedShare') ?? 0) <= CLUMPED_SHARE
        ? ' With X-Accel-Buffering: no from the server they come at once.'
        : ' X-Accel-Buffering: no from the server does not help.';
  if (missing > 0) {
    return {
      text: `${missing} of ${sent} held`,
      grade: 'bad',
      says: `Of ${sent} events ${missing} had not come ${msText(GRACE_MS)} after the last was sent: they are collected on the way.${helped}`,
    };
  }
  const [p50 = 0, most = 0, added = 0] = [figure('p50Ms'), figure('maxMs'), figure('addedMs')];
  if (clumped > CLUMPED_SHARE) {
    return {
      text: `${formatPercent(clumped)} clumped`,
      grade: 'bad',
      says: `${formatPercent(clumped)} of the events come together with others that were sent up to ${msText(figure('heldMs') ?? 0)} apart.${helped}`,
    };
  }
  const than = route === 'direct' ? '' : ` (${msText(Math.max(0, added))} more than directly)`;
  return {
    text: msText(p50),
    grade: added > LATE_MS ? 'bad' : added > SLOW_MS ? 'fair' : 'good',
    says: `An event takes ${msText(p50)}${than}, at most ${msText(most)}; none come together that were sent apart.`,
  };
}

/** What arrives of a stream that is collected on the way to its end. */
const nothing = (count: number): Arrivals => ({
  ...measureClumping([], []),
  sent: count,
  missing: count,
});

const shareOf = ({ clumped, events }: Arrivals): number => (events === 0 ? 0 : clumped / events);

export const slow = pace('slow', 'slow events', 12, 100);
export const fast = pace('fast', 'fast events', 80, 10);
