/**
 * Kills the server without a word and starts the next one on the same port. What was due meanwhile is
 * never sent; the next server goes on with the schedule where it is by then, with the right numbers. It
 * knows nothing of the sessions and messages of the one before, so gaps and losses are the honest result.
 */
import { NS_PER_MS } from '../../core/clock.ts';
import type { PublishOrder } from '../../core/control.ts';
import { createHistogram, encodeHistogram } from '../../core/histogram.ts';
import type { Published } from '../../core/process-reports.ts';
import { createSchedule } from '../../core/schedule.ts';
import { until } from '../../core/until.ts';
import { TrialFailure } from '../child-process.ts';
import { hasEnded } from '../procfs.ts';
import type { TrialContext } from '../trial-context.ts';
import { firstDueFrom } from './due.ts';
import type { Injector } from './injector.ts';

/** Time for the order to get there before the first message is due. */
const LEAD_NS = 5 * NS_PER_MS;
/** How long processes that were killed may still be there. */
const GONE_MS = 5_000;
const LOOK_MS = 5;

export function restart(): Injector {
  let killedAt = 0;
  return {
    endsServer: true,
    // Nobody keeps a connection to a process that is gone.
    planned: (_plan, { clients }) => clients,
    async strike(_plan, context) {
      const { server, connect } = context;
      killedAt = context.clock();
      server.kill();
      await server.failure.catch(() => undefined);
      // Somebody else's server ends a moment after the process that had started it; the next one wants its port.
      await allGone(context.serverPids);
      return {
        by: `the end of process ${server.pid} by SIGKILL`,
        count: context.clients - (connect?.failed ?? 0),
        atNs: killedAt,
      };
    },
    async mend(_plan, context) {
      const server = await context.restartServer();
      context.server = server;
      const { publishing } = context;
      return publishing === undefined
        ? undefined
        : { published: goOn(publishing, killedAt, context) };
    },
  };
}

async function allGone(pids: readonly number[]): Promise<void> {
  if (!(await until(() => pids.every(hasEnded), GONE_MS, LOOK_MS))) {
    throw new TrialFailure('processes of the server that was to be killed are still there');
  }
}

/** Has the rest of the schedule published. @returns what both servers sent, as far as that is known */
async function goOn(
  order: PublishOrder,
  killedAt: number,
  { server, clock, setup }: TrialContext,
): Promise<Published> {
  const schedule = createSchedule(order.schedule);
  // The first one can tell nobody any more; it was sent by then whatever was due, but for the last.
  const before = firstDueFrom(schedule, killedAt - order.startNs);
  const firstIndex = firstDueFrom(schedule, clock() + LEAD_NS - order.startNs);
  const start = {
    kind: 'published',
    sent: before,
    slip: encodeHistogram(createHistogram()),
    firstSentAt: order.startNs,
    lastSentAt: order.startNs + schedule.dueAt(Math.max(0, before - 1)),
    injected: { dropped: 0, duplicated: 0, swapped: 0 },
    failed: 0,
  } satisfies Published;
  if (firstIndex >= schedule.count) return start;
  const leftMs = (order.startNs + schedule.dueAt(schedule.count - 1) - clock()) / NS_PER_MS;
  const published = server.next('published', leftMs + setup.replyTimeoutMs);
  server.send({ kind: 'publish', order: { ...order, firstIndex } });
  const rest = await published;
  return { ...rest, sent: before + rest.sent, firstSentAt: order.startNs };
}
