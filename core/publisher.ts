/**
 * Publishes on a schedule through whatever sends: the hub of a server, or the upstream of a client.
 * Open loop: what is due is sent, however late, and stamped with both times.
 */
import { channelsOf } from './audience.ts';
import type { Clock } from './clock.ts';
import { NS_PER_US } from './clock.ts';
import type { PublishOrder } from './control.ts';
import type { EncodedHistogram } from './histogram.ts';
import { createHistogram, encodeHistogram, HIGHEST_US } from './histogram.ts';
import type { MessageWriter } from './message.ts';
import { createMessageWriter, MIN_CHANNEL_MESSAGE_BYTES, putChannel } from './message.ts';
import { createSchedule } from './schedule.ts';
import type { Ticker } from './ticker.ts';

export interface Publication {
  readonly sent: number;
  readonly slip: EncodedHistogram;
  /** Of the first and last message that was sent here; 0 where none was. */
  readonly firstSentAt: number;
  readonly lastSentAt: number;
}

/**
 * @param send takes message `index` of the schedule, which is for `channel`: always 0 for everybody
 * @param isMine leaves out what another process sends; left out, all is sent here
 * @param write makes the messages; left out: those of this benchmark
 */
export async function publishOnSchedule(
  order: PublishOrder,
  clock: Clock,
  ticker: Ticker,
  send: (message: Buffer, channel: number, index: number) => void,
  isMine: (index: number) => boolean = () => true,
  write: MessageWriter = createMessageWriter(order.payloadBytes),
): Promise<Publication> {
  const channels = channelsOf(order.audience);
  const named = order.audience.kind !== 'everybody';
  if (named && order.payloadBytes < MIN_CHANNEL_MESSAGE_BYTES) {
    throw new RangeError(`${order.payloadBytes} bytes are too few to name a channel`);
  }
  const slip = createHistogram();
  let firstSentAt = 0;
  let lastSentAt = 0;
  await ticker.run(createSchedule(order.schedule), order.startNs, (index, dueAt) => {
    if (!isMine(index)) return;
    const sentAt = clock();
    if (slip.totalCount === 0) firstSentAt = sentAt;
    lastSentAt = sentAt;
    slip.recordValue(Math.min(HIGHEST_US, Math.floor((sentAt - dueAt) / NS_PER_US)));
    const channel = index % channels;
    const message = write(order.firstSeq + Math.floor(index / channels), dueAt, sentAt);
    send(named ? putChannel(message, channel) : message, channel, index);
  });
  return { sent: slip.totalCount, slip: encodeHistogram(slip), firstSentAt, lastSentAt };
}
