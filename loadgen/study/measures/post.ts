/**
 * The leg on which clients of SSE send: how long a POST takes beside the direct way, how many connections to
 * the server many of them became, and the race of keep-alive, in which a POST is sent on a connection that
 * the server is just closing.
 */
import { median, quantileOfSorted } from '../../../core/median.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { seen } from '../figures.ts';
import type { Found, Measure, StudyPath } from '../measure.ts';
import { forceLosses, toldText } from '../posting/forced-loss.ts';
import { createPostClient, lossOf } from '../posting/post-client.ts';
import { POST_PATH } from '../posting/post-origin.ts';
import { judgePosts, TOLD } from '../posting/post-words.ts';
import { runRace, SWEEP_MS, signedStep, tallyRace } from '../posting/race.ts';
import { startThreadedOrigin } from '../posting/threaded-origin.ts';

/** How long the server keeps an idle connection, ms: short, so that there can be many attempts. */
const KEEP_ALIVE_MS = 200;
/** Pairs of POSTs, one through the path and one around it. */
const PAIRS = 50;
const WARM_UPS = 5;
/** Connections that are watched to know when the server really closes them. */
const WATCHED = 8;
const FORCED = 10;
/** Fewer than the 32 idle connections that nginx and Caddy keep, or they would close some themselves. */
const RACERS = 24;
const TIMEOUT_MS = 5_000;

export const post: Measure = {
  name: 'post',
  title: 'POST',
  question:
    'How much later are POSTs answered, on how many connections, and how many meet one that is being closed?',
  waits: false,
  takesMs: () => ({ alone: SWEEP_MS.length * (KEEP_ALIVE_MS + 30) + 4_000, waits: 0 }),
  async look(path) {
    // Clients of WebSocket send on the connection that they have.
    if (path.transport === 'ws') return { figures: {}, facts: {} };
    const origin = await startThreadedOrigin({ keepAliveMs: KEEP_ALIVE_MS });
    try {
      const endpoint = await path.to(origin.port);
      const direct = new URL(`http://127.0.0.1:${origin.port}`);
      return await lookThrough(endpoint.url, direct, path);
    } finally {
      await origin.close();
    }
  },
  judge: judgePosts,
  agreement: { figure: 'addedMs', share: 0.5, slack: 1 },
};

async function lookThrough(
  url: URL,
  direct: URL,
  { signal }: Pick<StudyPath, 'signal'>,
): Promise<Found> {
  const times = await comparePosts(url, direct);
  const closesAfterMs = await watchClose(direct);
  const forced = { url, times: FORCED, timeoutMs: TIMEOUT_MS, signal };
  const fin = toldText(await forceLosses('fin', forced));
  const rst = toldText(await forceLosses('rst', forced));
  const race = {
    url,
    closesAfterMs,
    clients: RACERS,
    offsets: SWEEP_MS,
    timeoutMs: TIMEOUT_MS,
    signal,
  };
  const { attempts, late, losses, lostAt, idleBefore, idleAfter } = tallyRace(
    await runRace(race),
    closesAfterMs,
  );
  const lost = [...losses.values()].reduce((sum, one) => sum + one, 0);
  const where = lostAt.map(
    ({ offsetMs, lost: of, tried }) => `${signedStep(offsetMs)} ms: ${of} of ${tried}`,
  );
  return {
    figures: seen({
      ...times,
      closesAfterMs,
      attempts,
      late,
      lost,
      lostFromMs: lostAt[0]?.offsetMs,
      lostToMs: lostAt.at(-1)?.offsetMs,
      idleBefore,
      idleAfter,
      ...Object.fromEntries([...losses].map(([word, count]) => [`${TOLD}${word}`, count])),
      lostPer1000: attempts === 0 ? undefined : (1_000 * lost) / attempts,
    }),
    facts: {
      fin,
      rst,
      ...(lost === 0 ? {} : { lostAt: where.join(', ') }),
    },
  };
}

/** In turn, each over one connection of its client, so that a busy moment is in both. */
async function comparePosts(url: URL, direct: URL): Promise<Record<string, number>> {
  const [through, around] = [
    createPostClient(url, TIMEOUT_MS),
    createPostClient(direct, TIMEOUT_MS),
  ];
  const [times, added]: [number[], number[]] = [[], []];
  const connections = new Set<number>();
  let opened = 0;
  try {
    for (let n = 0; n < WARM_UPS + PAIRS; n += 1) {
      const [one, other] = [await through.post(POST_PATH), await around.post(POST_PATH)];
      if (one.outcome.how !== 'answered') {
        throw new ProbeFailure('answer', `a POST was not answered (${lossOf(one.outcome)})`);
      }
      if (n < WARM_UPS) continue;
      connections.add(one.outcome.receipt.connection);
      if (!one.reused) opened += 1;
      times.push(one.endedAt - one.sentAt);
      added.push(one.endedAt - one.sentAt - (other.endedAt - other.sentAt));
    }
  } finally {
    through.close();
    around.close();
  }
  const sorted = added.toSorted((a, b) => a - b);
  return seen({
    posts: PAIRS,
    connections: connections.size,
    /** Of the client, beside the one that it had. */
    reopened: opened,
    postMs: median(times),
    addedMs: median(added),
    addedLowMs: quantileOfSorted(sorted, 0.25),
    addedHighMs: quantileOfSorted(sorted, 0.75),
  });
}

/** From an answer until the client sees that the server has closed; measured, since Node keeps its own times. */
async function watchClose(direct: URL): Promise<number> {
  const waits = await Promise.all(
    Array.from({ length: WATCHED }, async () => {
      const client = createPostClient(direct, TIMEOUT_MS);
      try {
        const { endedAt } = await client.post(POST_PATH);
        return (await client.closed).at - endedAt;
      } finally {
        client.close();
      }
    }),
  );
  return median(waits) ?? KEEP_ALIVE_MS;
}
