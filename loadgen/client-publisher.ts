/** Publishes through the upstream of clients: of one for all, or of every client in turn. */
import { keyName, roomName, senderOf } from '../core/audience.ts';
import type { Clock } from '../core/clock.ts';
import type { PublishOrder } from '../core/control.ts';
import type { Published } from '../core/process-reports.ts';
import { publishOnSchedule } from '../core/publisher.ts';
import type { Audience } from '../core/scenario.ts';
import type { Ticker } from '../core/ticker.ts';
import type { Client } from '../core/transport.ts';

const CLOSE = Buffer.from('}');

/** The clients of this worker among those of all. */
export interface Crowd {
  /** By index; whoever comes back after a cut is put into its place. */
  readonly clients: (Client | undefined)[];
  /** Number of the first of them. */
  readonly firstClient: number;
  readonly totalClients: number;
}

/** @param everyone whether all clients publish in turn, of which those of other workers are left out */
export async function publishFromClients(
  order: PublishOrder,
  everyone: boolean,
  { clients, firstClient, totalClients }: Crowd,
  clock: Clock,
  ticker: Ticker,
): Promise<Published> {
  const one = clients.find((client) => client !== undefined);
  if (!everyone && one === undefined)
    throw new Error('there is no connected client to publish from');
  const placeOfSender = (index: number): number =>
    (senderOf(order.audience, index, totalClients) ?? -1) - firstClient;
  const frame = framing(order.audience);
  let failed = 0;
  const underway = new Set<Promise<void>>();
  const send = (message: Buffer, channel: number, index: number): void => {
    const client = everyone ? clients[placeOfSender(index)] : one;
    if (client === undefined) {
      failed += 1;
      return;
    }
    // Open loop: the next message does not wait for this one.
    const sending: Promise<void> | undefined = client
      .send(frame(message, channel))
      ?.catch(() => {
        failed += 1;
      })
      .finally(() => {
        if (sending !== undefined) underway.delete(sending);
      });
    if (sending !== undefined) underway.add(sending);
  };
  const isMine = (index: number): boolean => {
    if (!everyone) return true;
    const place = placeOfSender(index);
    return place >= 0 && place < clients.length;
  };
  const publication = await publishOnSchedule(order, clock, ticker, send, isMine);
  await settled(underway, order.deadlineMs);
  // A server that says nothing has not said that it has them.
  failed += underway.size;
  const injected = { dropped: 0, duplicated: 0, swapped: 0 };
  return { kind: 'published', ...publication, injected, failed };
}

/** Resolves when all are over, or the time is up. */
async function settled(underway: ReadonlySet<Promise<void>>, deadlineMs?: number): Promise<void> {
  const over = Promise.all(underway);
  if (deadlineMs === undefined) {
    await over;
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise((resolve) => {
    timer = setTimeout(resolve, deadlineMs);
  });
  await Promise.race([over, overdue]);
  clearTimeout(timer);
}

/** What is for everybody goes up as it is; a room or key has to be named. */
function framing(audience: Audience): (message: Buffer, channel: number) => Buffer {
  if (audience.kind === 'everybody') return (message) => message;
  const [field, name] =
    audience.kind === 'rooms' ? (['room', roomName] as const) : (['key', keyName] as const);
  const heads = Array.from({ length: audience.count }, (_, channel) =>
    Buffer.from(`{"op":"publish","${field}":"${name(channel)}","data":`, 'latin1'),
  );
  return (message, channel) => Buffer.concat([heads[channel] ?? CLOSE, message, CLOSE]);
}
