/**
 * What compression in the proxy saves on the wire towards the client, what it adds to the delay of each
 * event, and whether it holds events back. The proxy is told to compress event streams and everything else
 * stays; two clients, of which one asks for compression, get the same messages at the same time. What is in
 * a WebSocket is agreed on by its ends; that no proxy touches it is measured, too.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { median } from '../../../core/median.ts';
import { measureClumping } from '../../probing/clumping.ts';
import type { CodedStream } from '../../probing/coded-stream.ts';
import { openCodedStream } from '../../probing/coded-stream.ts';
import { toldWithin } from '../../probing/idle-cut.ts';
import type { OriginSession, Said } from '../../probing/origin.ts';
import { BARE, CHANGEABLE } from '../../probing/origin.ts';
import type { Received } from '../../probing/origin-line.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import type { Coming } from '../compression-words.ts';
import { holdsMoreOften, judgeEvents, judgeFrames } from '../compression-words.ts';
import { seen } from '../figures.ts';
import type { Disturbable, Found, Measure, StudyPath } from '../measure.ts';
import { pause } from '../pause.ts';
import { withCompression } from '../switch-compression.ts';
import { openStalled } from './stalled.ts';

const EVENTS = 50;
const EVERY_MS = 20;
/** How long the last event may take, ms. */
const GRACE_MS = 1_000;
/** The first one, which takes the head along, ms. */
const FIRST_MS = 300;

export const compression: Measure = {
  name: 'compression',
  title: 'compression',
  question:
    'What does compression in the proxy save on the wire to the client, what does it add to each event, and does it hold events back?',
  waits: false,
  takesMs: () => ({ alone: EVENTS * EVERY_MS + 1_500, waits: 0 }),
  async look(path) {
    const instance = await path.another(withCompression);
    try {
      return path.transport === 'ws'
        ? await lookAtFrames(instance, path)
        : await lookAtEvents(instance, path);
    } finally {
      await instance.stop();
    }
  },
  judge: (found, about) =>
    about.transport === 'ws' ? judgeFrames(found, about.route) : judgeEvents(found, about.route),
  agreement: { figure: 'codedBytes', share: 0.1, slack: 5 },
};

/** A tick as many services send it: about 150 B of JSON, alike but never the same. */
export function tick(n: number): Readonly<Record<string, unknown>> {
  const price = 100 + ((n * 7_919) % 1_000) / 100;
  return {
    type: 'tick',
    symbol: ['ACME', 'INITECH', 'GLOBEX', 'HOOLI'][n % 4],
    bid: price.toFixed(2),
    ask: (price + 0.05).toFixed(2),
    volume: (n * 104_729) % 10_000,
    venue: 'XPUB',
    state: n % 16 === 0 ? 'auction' : 'continuous',
  };
}

interface Side {
  readonly stream: CodedStream;
  readonly session: OriginSession;
}

async function lookAtEvents({ endpoint }: Disturbable, path: StudyPath): Promise<Found> {
  const streams: CodedStream[] = [];
  const open = async (advice: string, accepts: 'gzip' | 'identity'): Promise<Side> => {
    const id = randomUUID();
    const stream = openCodedStream(endpoint, `${path.origin.pathOf('sse', id)}${advice}`, accepts);
    streams.push(stream);
    const came = new AbortController();
    const session = await Promise.race([
      path.origin.session(id),
      stream.ended.then(() => undefined),
      pause(endpoint.timeoutMs, AbortSignal.any([path.signal, came.signal])).then(() => undefined),
    ]).finally(() => came.abort());
    if (session === undefined) throw new ProbeFailure('hung-up', 'no stream came about');
    return { stream, session };
  };
  try {
    const unasked = await open(BARE, 'identity');
    const asked = await open(BARE, 'gzip');
    const [plain, coded] = await speak([unasked, asked], path.signal);
    if (plain === undefined || coded === undefined) throw new RangeError('two sides were asked');
    const encoding = asked.stream.encoding();
    const advised =
      encoding !== undefined && holdsMoreOften(coded, plain)
        ? (await speak([await open(CHANGEABLE, 'gzip')], path.signal))[0]
        : undefined;
    const kept = await open('', 'gzip');
    await arrival(kept, 1, FIRST_MS);
    return {
      figures: seen({
        textBytes: plain.textBytes,
        plainBytes: plain.bytesEach,
        codedBytes: coded.bytesEach,
        addedMs: median(addedTo(unasked, asked)),
        sent: EVENTS + 1,
        missing: coded.missing,
        clumpedShare: coded.clumpedShare,
        behindShare: coded.behindShare,
        plainMissing: plain.missing,
        plainClumpedShare: plain.clumpedShare,
        plainBehindShare: plain.behindShare,
        advisedMissing: advised?.missing,
        advisedClumpedShare: advised?.clumpedShare,
        advisedBehindShare: advised?.behindShare,
        advisedBytes: advised?.bytesEach,
      }),
      facts: {
        ...(encoding === undefined ? {} : { encoding }),
        noTransform: kept.stream.encoding() ?? 'none',
      },
    };
  } finally {
    for (const stream of streams) stream.abandon();
    await Promise.all(streams.map(({ ended }) => ended));
  }
}

interface Spoken extends Coming {
  /** On the wire, for each event. */
  readonly bytesEach: number | undefined;
  readonly textBytes: number | undefined;
}

/** The same events on all of them, in turn; the first one is not counted, since the head may wait for it. */
async function speak(sides: readonly Side[], signal: AbortSignal): Promise<Spoken[]> {
  for (const { session } of sides) session.say(tick(0));
  await Promise.all(sides.map((side) => arrival(side, 1, FIRST_MS)));
  const before = sides.map(({ stream }) => ({
    bytes: stream.wireBytes(),
    events: stream.received.length,
  }));
  for (let n = 1; n <= EVENTS; n += 1) {
    await pause(EVERY_MS, signal);
    // Who is first has the kernel to itself.
    const order = n % 2 === 0 ? sides : [...sides].reverse();
    for (const { session } of order) session.say(tick(n));
  }
  await Promise.all(sides.map((side) => arrival(side, EVENTS + 1, GRACE_MS)));
  const missing = sides.map(({ stream }) => EVENTS + 1 - stream.received.length);
  const held = sides.filter((_, index) => (missing[index] ?? 0) > 0);
  // What is held comes with the end: it has been compressed, only not sent.
  for (const { session } of held) session.finish();
  await Promise.all(held.map(({ stream }) => toldWithin(ending(stream), GRACE_MS)));
  return sides.map(({ stream, session }, index) => {
    const { bytes, events } = before[index] ?? { bytes: 0, events: 0 };
    const counted = stream.received.slice(events);
    return {
      bytesEach: counted.length === 0 ? undefined : (stream.wireBytes() - bytes) / counted.length,
      textBytes:
        counted.length === 0
          ? undefined
          : counted.reduce((sum, { textBytes }) => sum + textBytes, 0) / counted.length,
      missing: missing[index] ?? 0,
      clumpedShare: clumpedOf(counted),
      behindShare: behindOf(counted, session.said),
    };
  });
}

const ending = ({ ended }: CodedStream): Promise<{ at: number }> =>
  ended.then(() => ({ at: performance.now() }));

/** Of those behind which another one was sent: the share that had not come by then. */
export function behindOf(
  received: readonly Pick<Received, 'n' | 'at'>[],
  said: readonly Said[],
): number {
  const sentAt = new Map(said.map(({ n, at }) => [n, at]));
  const followed = received.flatMap(({ n, at }) => {
    const next = sentAt.get(n + 1);
    return next === undefined ? [] : [at >= next];
  });
  return followed.length === 0 ? 0 : followed.filter(Boolean).length / followed.length;
}

function clumpedOf(received: CodedStream['received']): number {
  if (received.length === 0) return 0;
  const { clumped, events } = measureClumping(
    received.map(({ at }) => at),
    received.map(({ sentAt }) => sentAt),
    { sameClock: true },
  );
  return clumped / events;
}

/** What the same event took longer, for each that has come on both sides. */
function addedTo(plain: Side, coded: Side): number[] {
  const plainMs = new Map(plain.stream.received.map(({ n, at, sentAt }) => [n, at - sentAt]));
  return coded.stream.received.flatMap(({ n, at, sentAt }) => {
    const ms = plainMs.get(n);
    return ms === undefined || n === 1 ? [] : at - sentAt - ms;
  });
}

/** Resolves when so many have come, or the time is over. */
async function arrival({ stream }: Side, count: number, timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (stream.received.length < count && performance.now() < until) {
    await Promise.race([stream.ended, new Promise((resolve) => setTimeout(resolve, 10))]);
  }
}

/** Bytes of the same messages through the proxy and without it. */
async function lookAtFrames({ endpoint }: Disturbable, path: StudyPath): Promise<Found> {
  const through = await weighFrames({ ...path, endpoint });
  const direct = await weighFrames({ ...path, endpoint: path.direct });
  return {
    figures: { plainBytes: direct, codedBytes: through, sent: EVENTS },
    facts: {},
  };
}

async function weighFrames(path: StudyPath): Promise<number> {
  const { socket, session, close } = await openStalled(path);
  try {
    socket.resume();
    await settled(socket, path.signal);
    const before = socket.bytesRead;
    for (let n = 1; n <= EVENTS; n += 1) {
      // Their own time stamp would make one message longer than the other.
      session.say({ ...tick(n), at: 1_234.5678 });
      await pause(1, path.signal);
    }
    await settled(socket, path.signal);
    return (socket.bytesRead - before) / EVENTS;
  } finally {
    close();
  }
}

/** Nothing has come for a while. */
async function settled(socket: Socket, signal: AbortSignal): Promise<void> {
  let before = -1;
  while (socket.bytesRead !== before) {
    before = socket.bytesRead;
    await pause(80, signal);
  }
}
