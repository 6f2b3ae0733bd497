/** Asks the sessions in turn, on a schedule, and records how each round trip went. */
import type { Clock } from '../core/clock.ts';
import type { AskOrder } from '../core/control.ts';
import { createMessageWriter } from '../core/message.ts';
import type { TripReport } from '../core/process-reports.ts';
import type { Schedule } from '../core/schedule.ts';
import { createSchedule } from '../core/schedule.ts';
import type { Ticker } from '../core/ticker.ts';
import { TripRecorder } from '../core/trip-recorder.ts';
import type { PushServer } from './push-server.ts';

/** Resolves when every question has its outcome, an answer or the timeout. */
export async function askOnSchedule(
  order: AskOrder,
  { hub, asks }: Pick<PushServer, 'hub' | 'asks'>,
  clock: Clock,
  ticker: Ticker,
): Promise<TripReport> {
  const schedule = createSchedule(order.schedule);
  const { index: first = 0, of = 1 } = order.share ?? {};
  const planned = Math.max(0, Math.ceil((schedule.count - first) / of));
  const recorder = new TripRecorder({
    schedule,
    startNs: order.startNs,
    timeoutMs: order.timeoutMs,
    planned,
  });
  const write = createMessageWriter(order.payloadBytes);
  const sessions = [...hub.sessions].sort((a, b) => a.number - b.number);
  const settled = new Promise<void>((resolve) => {
    recorder.onComplete = resolve;
  });
  const ask = (turn: number, dueAt: number): void => {
    const session = sessions[turn % sessions.length];
    if (session === undefined) return;
    const index = turn * of + first;
    const sentAt = clock();
    recorder.sent(index, sentAt);
    const id = asks.openWith(
      session,
      order.timeoutMs,
      (outcome) => {
        if (outcome.kind === 'answered') {
          recorder.answered(index, clock(), workedNs(outcome.data));
        } else if (outcome.kind === 'timeout') recorder.timedOut(index);
        else recorder.failed(index);
        ticker.poke(clock());
      },
      () => recorder.part(index, clock()),
    );
    const head = Buffer.from(`{"id":"${id}","data":`);
    const data = Buffer.concat([head, write(index, dueAt, sentAt), CLOSE]);
    hub.tell(session, 'ask', data);
  };
  const own: Schedule = { count: planned, dueAt: (turn) => schedule.dueAt(turn * of + first) };
  if (planned > 0) await ticker.run(own, order.startNs, ask, true);
  recorder.sendingDone();
  await settled;
  return recorder.report();
}

const CLOSE = Buffer.from('}');

/** What the client says it spent on the answer, ns; undefined where it does not say. */
function workedNs(data: unknown): number | undefined {
  if (typeof data !== 'object' || data === null || !('worked' in data)) return undefined;
  return typeof data.worked === 'number' ? data.worked : undefined;
}
