/**
 * What a path takes from a server for a client that has stopped reading: as much is stored somewhere, and
 * until then the server is told nothing. And after how long such a client is given up.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { formatBytes } from '../../../core/units.ts';
import type { ProbeEndpoint } from '../../probing/endpoint.ts';
import { hostOf, portOf } from '../../probing/endpoint.ts';
import { toldWithin } from '../../probing/idle-cut.ts';
import type { OriginSession } from '../../probing/origin.ts';
import { PLAIN } from '../../probing/origin.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { msText, seen, typical } from '../figures.ts';
import type { Found, Measure, StudyPath } from '../measure.ts';

const MESSAGE_BYTES = 32 * 1_024;
/** What is kept ready for the kernel, so that it never waits for us. */
const READY_BYTES = 1_048_576;
/** More is stored without an end, as far as this measure goes. */
export const MOST_BYTES = 64 * 1_048_576;
/** Nothing was taken for so long: the server feels it, ms. */
const FELT_MS = 700;
const LOOK_MS = 10;
const MUCH_BYTES = 16 * 1_048_576;

export const stalled: Measure = {
  name: 'stalled',
  title: 'stalled reader',
  question:
    'How much does the server get rid of for a client that does not read, and when is that one given up?',
  // The flood is work; what comes of it is waited for beside other things.
  waits: false,
  takesMs: (maxMs) => ({ alone: 1_500, waits: maxMs }),
  async look(path) {
    const { session, close } = await openStalled(path);
    try {
      const takenBytes = await flood(session, path);
      return { later: waitForEnd(session, takenBytes, path).finally(close) };
    } catch (error) {
      close();
      throw error;
    }
  },
  judge(found, { route, maxMs }) {
    const bytes = typical(found, 'takenBytes') ?? 0;
    const gaveUp = typical(found, 'gaveUpMs');
    const endless = bytes >= MOST_BYTES;
    const amount = endless ? `more than ${formatBytes(MOST_BYTES)}` : formatBytes(bytes);
    const end =
      gaveUp === undefined
        ? `The client was not given up within ${msText(maxMs)}.`
        : `The client was given up ${msText(gaveUp)} later.`;
    return {
      text: endless ? `> ${formatBytes(MOST_BYTES)}` : formatBytes(bytes),
      grade: endless ? 'bad' : bytes >= MUCH_BYTES ? 'fair' : 'good',
      says: endless
        ? `The server got rid of ${amount} for a client that reads nothing, and felt nothing: ${route === 'direct' ? 'the system' : 'the proxy'} stores it.`
        : `The server got rid of ${amount} before it felt that the client reads nothing. ${end}`,
    };
  },
  agreement: { figure: 'takenBytes', share: 0.5, slack: 1_048_576 },
};

async function waitForEnd(
  { gone }: OriginSession,
  takenBytes: number,
  { maxMs, signal }: StudyPath,
): Promise<Found> {
  const startedAt = performance.now();
  const aborted = new Promise<{ at: number }>((resolve) => {
    signal.addEventListener('abort', () => resolve({ at: performance.now() }), { once: true });
  });
  const told = await toldWithin(Promise.race([gone, aborted]), maxMs);
  const gaveUpMs = told === undefined ? undefined : Math.max(0, told - startedAt) + FELT_MS;
  return { figures: seen({ takenBytes, gaveUpMs }), facts: {} };
}

/** A stream whose client reads nothing, with both its ends. */
export interface StalledLine {
  readonly socket: Socket;
  readonly session: OriginSession;
  close(): void;
}

/** By hand, since every library reads. */
export async function openStalled({
  endpoint,
  transport,
  origin,
  signal,
}: Pick<StudyPath, 'endpoint' | 'transport' | 'origin' | 'signal'>): Promise<StalledLine> {
  const id = randomUUID();
  const socket = connect({ host: hostOf(endpoint.url), port: portOf(endpoint.url) });
  const fail = new Promise<never>((_, reject) => {
    const broken = (): void => reject(new ProbeFailure('hung-up', 'no stream came about'));
    socket.on('error', broken);
    socket.once('close', broken);
    signal.addEventListener('abort', () => socket.destroy(), { once: true });
    setTimeout(broken, endpoint.timeoutMs).unref();
  });
  fail.catch(() => undefined);
  try {
    await Promise.race([once(socket, 'connect'), fail]);
    socket.write(requestFor(endpoint, `${origin.pathOf(transport, id)}${PLAIN}`, transport));
    // Not even the head is read: a path that holds it back has a stream all the same.
    const session = await Promise.race([origin.session(id), fail]);
    const close = (): void => {
      socket.destroy();
      // What is still waiting to be written is for nobody.
      session.socket.destroy();
    };
    return { socket, session, close };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function requestFor(endpoint: ProbeEndpoint, path: string, transport: 'sse' | 'ws'): string {
  const upgrade =
    transport === 'ws'
      ? [
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        ]
      : ['Accept: text/event-stream'];
  return [`GET ${path} HTTP/1.1`, `Host: ${endpoint.url.host}`, ...upgrade, '', ''].join('\r\n');
}

/** @returns the bytes that the kernel took before it took no more */
function flood(session: OriginSession, { signal }: StudyPath): Promise<number> {
  const before = takenOf(session.socket);
  return new Promise((resolve, reject) => {
    let taken = 0;
    let movedAt = performance.now();
    const timer = setInterval(() => {
      const now = takenOf(session.socket) - before;
      if (now > taken) {
        taken = now;
        movedAt = performance.now();
      }
      const gone = !fillUp(session);
      if (signal.aborted) done(() => reject(new ProbeFailure('aborted', 'interrupted')));
      else if (gone || taken >= MOST_BYTES || performance.now() - movedAt > FELT_MS) {
        done(() => resolve(Math.min(taken, MOST_BYTES)));
      }
    }, LOOK_MS);
    const done = (then: () => void): void => {
      clearInterval(timer);
      then();
    };
  });
}

/** What was handed over, less what has not been taken yet. */
const takenOf = (socket: Socket): number => socket.bytesWritten - socket.writableLength;

/** @returns whether the connection is still there */
function fillUp(session: OriginSession): boolean {
  while (session.socket.writableLength < READY_BYTES) {
    if (session.socket.destroyed || !session.pad(MESSAGE_BYTES)) return false;
  }
  return true;
}
