/**
 * Publishes on a schedule through whatever sends: the hub of a server, or the upstream of a client.
 * Open loop: what is due is sent, however late, and stamped with both times.
 */
import type { Clock } from './clock.ts';
import { NS_PER_US } from './clock.ts';
import type { PublishOrder } from './control.ts';
import type { EncodedHistogram } from './histogram.ts';
import { createHistogram, encodeHistogram, HIGHEST_US } from './histogram.ts';
import { createMessageWriter } from './message.ts';
import { createSchedule } from './schedule.ts';
import type { Ticker } from './ticker.ts';

export interface Publication {
  readonly sent: number;
  readonly slip: EncodedHistogram;
  readonly firstSentAt: number;
  readonly lastSentAt: number;
}

export async function publishOnSchedule(
  order: PublishOrder,
  clock: Clock,
  ticker: Ticker,
  send: (message: Buffer) => void,
): Promise<Publication> {
  const write = createMessageWriter(order.payloadBytes);
  const slip = createHistogram();
  let firstSentAt = 0;
  let lastSentAt = 0;
  await ticker.run(createSchedule(order.schedule), order.startNs, (index, dueAt) => {
    const sentAt = clock();
    if (index === 0) firstSentAt = sentAt;
    lastSentAt = sentAt;
    slip.recordValue(Math.min(HIGHEST_US, Math.floor((sentAt - dueAt) / NS_PER_US)));
    send(write(order.firstSeq + index, dueAt, sentAt));
  });
  return { sent: slip.totalCount, slip: encodeHistogram(slip), firstSentAt, lastSentAt };
}
