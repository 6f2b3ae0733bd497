/** Checks that two processes read the same clock: an answer's time lies between question and receipt. */
import { createClock, newEpoch } from '../core/clock.ts';
import type { Supervisor } from './child-process.ts';

export type ToEcho = { readonly kind: 'ask' } | { readonly kind: 'stop' };
export interface FromEcho {
  readonly kind: 'time';
  readonly at: number;
}

export interface ClockCheck {
  readonly exchanges: number;
  /** Answers from before the question or after their receipt. */
  readonly violations: number;
  /** The shortest round trip, ns: no offset larger than this can be hidden. */
  readonly shortestNs: number;
}

const EXCHANGES = 300;
const PATIENCE_MS = 5_000;

export async function checkClocks(supervisor: Supervisor): Promise<ClockCheck> {
  const epoch = newEpoch();
  const clock = createClock(epoch);
  const echo = supervisor.start<ToEcho, FromEcho>({
    title: 'the clock check',
    script: './clock-echo',
    config: { epoch },
    cores: [],
  });
  await echo.next('time', PATIENCE_MS);
  let violations = 0;
  let shortestNs = Number.POSITIVE_INFINITY;
  for (let exchange = 0; exchange < EXCHANGES; exchange += 1) {
    const answer = echo.next('time', PATIENCE_MS);
    const asked = clock();
    echo.send({ kind: 'ask' });
    const { at } = await answer;
    const received = clock();
    if (at < asked || at > received) violations += 1;
    shortestNs = Math.min(shortestNs, received - asked);
  }
  await echo.stop({ kind: 'stop' });
  return { exchanges: EXCHANGES, violations, shortestNs };
}
