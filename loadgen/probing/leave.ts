/** How long it takes until an origin knows that a client behind a path has left. */
import { toldWithin } from './idle-cut.ts';
import type { MeasuredPath } from './origin-line.ts';
import { openLine } from './origin-line.ts';

export interface LeaveOptions extends MeasuredPath {
  /** `close`: in good order, as the protocol has it; `drop`: TCP ends; `reset`: TCP is reset. */
  readonly how: 'close' | 'drop' | 'reset';
  /** How often the origin speaks meanwhile, ms; undefined: not at all. Some paths notice only then. */
  readonly speakEveryMs?: number | undefined;
  /** How long is waited for, ms. */
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Leave {
  /** From leaving to the origin being told, ms; undefined where that took longer than the limit. */
  readonly toldAfterMs: number | undefined;
  /** Events that the origin sent to nobody meanwhile. */
  readonly sentInVain: number;
}

/** @throws ProbeFailure when there is no connection */
export async function measureLeave(options: LeaveOptions): Promise<Leave> {
  const { how, speakEveryMs, limitMs, signal } = options;
  const { client, session, arrival } = await openLine(options, signal);
  let speaking: NodeJS.Timeout | undefined;
  try {
    const first = session.say();
    if (first !== undefined) await arrival(first.n, limitMs);
    const before = session.said.length;
    const leftAt = performance.now();
    if (speakEveryMs !== undefined) speaking = setInterval(() => session.say(), speakEveryMs);
    // Leaving in good order waits for the answer; when the other end is told is measured meanwhile.
    const left =
      how === 'close' ? client.leave() : client.abandon(how === 'reset' ? how : undefined);
    const told = await toldWithin(session.gone, limitMs);
    await left;
    return {
      toldAfterMs: told === undefined ? undefined : told - leftAt,
      sentInVain: session.said.length - before,
    };
  } finally {
    clearInterval(speaking);
    client.abandon();
  }
}
