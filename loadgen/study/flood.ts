/**
 * Streams that a server fills as fast as the path takes them, read by clients that do nothing but count.
 * What is counted are single bytes of the text, whatever the framing around them became on the way.
 */
import type { Socket } from 'node:net';
import { cpuOf } from '../procfs.ts';
import type { StudyPath } from './measure.ts';
import type { StalledLine } from './measures/stalled.ts';
import { openStalled } from './measures/stalled.ts';
import { pause } from './pause.ts';

/** Of a message: `x` so many times, which is no byte of any framing. */
export const TEXT_BYTES = 100;
const MARK = 'x'.charCodeAt(0);
/** Messages in a turn of one stream. */
const BURST = 100;
/** Buffers on the way are full by then, ms. */
const WARM_MS = 150;
const WINDOW_MS = 600;
/** How long is waited for what is on its way when the server stops: until nothing came for so many looks. */
const LONGEST_MS = 4_000;
const LOOK_MS = 20;
const QUIET_LOOKS = 20;

export interface Flooded {
  /** Deliveries to all clients together, in the window. */
  readonly perSecond: number;
  /** Of the proxy, per delivery; undefined without one, or where it cannot be read. */
  readonly cpuNs: number | undefined;
  /** Of one core, how much both ends used in the window: at 1 it is they that carry no more. */
  readonly endsShare: number;
  readonly sent: number;
  /** Sent and not arrived although the server has stopped. */
  readonly missing: number;
}

export type FloodPath = Pick<StudyPath, 'transport' | 'origin' | 'signal' | 'endpoint'> & {
  pids(): readonly number[];
};

/** @throws ProbeFailure when a stream does not come about, or it is interrupted */
export async function flood(path: FloodPath, streams: number): Promise<Flooded> {
  const { signal } = path;
  const lines: StalledLine[] = [];
  let stopped = false;
  try {
    for (let n = 0; n < streams; n += 1) lines.push(await openStalled(path));
    const counts = lines.map(({ socket }) => countMarks(socket));
    const arrivedNow = (): number =>
      Math.floor(counts.reduce((sum, count) => sum + count(), 0) / TEXT_BYTES);
    let sent = 0;
    for (const { session } of lines) {
      const { socket } = session;
      const fill = (): void => {
        for (let n = 0; n < BURST; n += 1) {
          if (stopped || socket.destroyed || socket.writableNeedDrain) return;
          if (!session.pad(TEXT_BYTES)) return;
          sent += 1;
        }
        // While the kernel takes everything nothing is ever full, and nobody else would have a turn.
        setImmediate(fill);
      };
      socket.on('drain', fill);
      fill();
    }
    await pause(WARM_MS, signal);
    const before = reading(arrivedNow(), path);
    await pause(WINDOW_MS, signal);
    const after = reading(arrivedNow(), path);
    stopped = true;
    await untilQuiet(() => sent - arrivedNow(), signal);
    return { ...between(before, after), sent, missing: sent - arrivedNow() };
  } finally {
    stopped = true;
    for (const line of lines) line.close();
  }
}

export interface FloodReading {
  readonly at: number;
  readonly arrived: number;
  readonly proxyNs: number | undefined;
  readonly endsNs: number;
}

/** What happened from one reading to the other. */
export function between(
  before: FloodReading,
  after: FloodReading,
): Pick<Flooded, 'perSecond' | 'cpuNs' | 'endsShare'> {
  const ms = after.at - before.at;
  const arrived = after.arrived - before.arrived;
  const { proxyNs: from } = before;
  const { proxyNs: to } = after;
  return {
    perSecond: (arrived / ms) * 1_000,
    cpuNs:
      from === undefined || to === undefined || arrived === 0 ? undefined : (to - from) / arrived,
    endsShare: (after.endsNs - before.endsNs) / (ms * 1e6),
  };
}

function reading(arrived: number, { pids }: FloodPath): FloodReading {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    arrived,
    proxyNs: cpuOf(pids()),
    endsNs: (user + system) * 1_000,
  };
}

/** Reads all there is. @returns how many marks there were behind the head */
function countMarks(socket: Socket): () => number {
  let marks = 0;
  let head = '';
  let isBody = false;
  socket.on('data', (bytes: Buffer) => {
    let from = 0;
    if (!isBody) {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      isBody = true;
      // How much of the head was there before this piece.
      from = end + 4 - (head.length - bytes.length);
    }
    for (let at = from; at < bytes.length; at += 1) if (bytes[at] === MARK) marks += 1;
  });
  return () => marks;
}

/** Until nothing is on its way, or nothing moves. */
async function untilQuiet(onTheWay: () => number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  let before = onTheWay();
  // Looks and not time: after a time in which this process had no core, what has come is still to be read.
  let still = 0;
  while (before > 0 && performance.now() < until && still < QUIET_LOOKS) {
    await pause(LOOK_MS, signal);
    const now = onTheWay();
    still = now < before ? 0 : still + 1;
    before = now;
  }
}
