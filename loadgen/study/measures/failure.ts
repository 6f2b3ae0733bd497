/**
 * What a client is told when there is no server behind a path, and when one takes connections and does not
 * answer, which is how a server that is slow to accept looks: the kernel has accepted for it.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { freePort } from '../../../core/free-port.ts';
import { openStream } from '../../probing/connection.ts';
import type { ProbeEndpoint } from '../../probing/endpoint.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { commonest, msText, typical } from '../figures.ts';
import type { Measure, StudyPath } from '../measure.ts';

const CASES = { down: 'Nobody listens', mute: 'The server does not answer' } as const;
type Case = keyof typeof CASES;

export const failure: Measure = {
  name: 'failure',
  title: 'no server',
  question:
    'What is a client told when the server is down or does not answer, and does it come back?',
  waits: true,
  takesMs: (maxMs) => ({ alone: 0, waits: maxMs + 1_000 }),
  async look(path) {
    const [down, mute] = await Promise.all([lookDown(path), lookMute(path)]);
    return {
      figures: { downMs: down.ms, muteMs: mute.ms },
      facts: { down: down.says, mute: mute.says },
    };
  },
  judge(found, { transport, maxMs }) {
    const says = (Object.keys(CASES) as Case[]).map((one) => {
      const answer = commonest(found, one) ?? '';
      const ms = typical(found, `${one}Ms`) ?? 0;
      const after =
        answer === 'silence' ? `nothing within ${msText(maxMs)}` : `${answer} after ${msText(ms)}`;
      return `${CASES[one]}: ${after}${consequence(answer, transport)}.`;
    });
    const [down, mute] = [commonest(found, 'down') ?? '', commonest(found, 'mute') ?? ''];
    const isFinal = transport === 'sse' && [down, mute].some((answer) => /^\d/.test(answer));
    return {
      text: [down, mute].join(' / '),
      grade: isFinal ? 'fair' : 'plain',
      says: says.join(' '),
    };
  },
  agreement: { figure: 'downMs', share: 0.5, slack: 1_000 },
};

/** WHATWG HTML, 9.2.3: any status but 200 fails the connection, a network error is tried again. */
function consequence(answer: string, transport: StudyPath['transport']): string {
  if (answer === 'silence') return ', and the client waits';
  if (transport === 'ws') return ', which scripts see as close code 1006 and nothing else';
  if (/^\d/.test(answer))
    return ', and EventSource gives up for good: the page has to make a new one';
  return ', and EventSource tries again by itself';
}

async function lookDown(path: StudyPath) {
  // A port that was free a moment ago, and that nobody listens on.
  return ask(path, await path.to(await freePort(['127.0.0.1'])));
}

async function lookMute(path: StudyPath) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // Whoever gives up may do so in any way.
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.resume();
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  try {
    return await ask(path, await path.to((server.address() as AddressInfo).port));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }
}

async function ask(
  { transport, origin, maxMs, signal }: StudyPath,
  endpoint: ProbeEndpoint,
): Promise<{ ms: number; says: string }> {
  const startedAt = performance.now();
  const url = new URL(origin.pathOf(transport, 'nobody'), endpoint.url);
  try {
    const watched = await openStream(
      { ...endpoint, url, timeoutMs: maxMs },
      { arrived: () => undefined },
      { signal },
    );
    await watched.leave();
    return { ms: performance.now() - startedAt, says: 'an answer all the same' };
  } catch (error) {
    if (!(error instanceof ProbeFailure) || error.kind === 'aborted') throw error;
    return { ms: performance.now() - startedAt, says: wordsOf(error) };
  }
}

function wordsOf({ kind, answer, message }: ProbeFailure): string {
  if (answer !== undefined) return String(answer.status);
  if (kind === 'silent') return 'silence';
  if (kind === 'refused') return 'refused';
  return kind === 'hung-up' ? 'hung up' : message;
}
