/**
 * What becomes of open connections when a proxy reads its configuration again, or is started again, while
 * events flow: who is cut, when and how, how long until all are back, and what was lost on the way.
 */
import type { End } from '../../../core/records/probe.ts';
import { pauseUntilAborted } from '../../pause.ts';
import type { OriginLine } from '../../probing/origin-line.ts';
import { openLine, openLines } from '../../probing/origin-line.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { connectionEnd } from '../end-words.ts';
import { commonest, msText, seen, typical } from '../figures.ts';
import type { Found, Measure, StudyPath } from '../measure.ts';

const CONNECTIONS = 20;
const EVERY_MS = 50;
/** Whoever is not cut by then is not cut by this, ms. */
const WATCHED_MS = 4_000;
/** Between two attempts to come back, ms: soon, so that it is the proxy that takes its time. */
const RETRY_MS = 50;

type How = 'reload' | 'restart';

function renewal(how: How): Measure {
  return {
    name: how,
    title: how,
    question: `Who is cut by a ${how} of the proxy under load, how, and how long until all are back?`,
    waits: false,
    takesMs: () => ({ alone: WATCHED_MS + 1_500, waits: 0 }),
    async look(path) {
      const { endpoint, renew } = await path.another();
      if (renew === undefined) return { figures: {}, facts: {} };
      return disturb({ ...path, endpoint }, () => renew(how));
    },
    judge: (found) => judge(found, how),
    agreement: { figure: 'cut', share: 0, slack: 1 },
  };
}

function judge(found: readonly Found[], how: How): ReturnType<Measure['judge']> {
  const cut = typical(found, 'cut');
  if (cut === undefined) {
    return { text: '–', grade: 'plain', says: `There is no proxy, so there is no ${how}.` };
  }
  const lost = typical(found, 'lost') ?? 0;
  if (cut === 0) {
    return {
      text: 'all stay',
      grade: 'good',
      says: `All ${CONNECTIONS} connections were open ${msText(WATCHED_MS)} after the ${how}; no event was lost.`,
    };
  }
  const [firstMs = 0, backMs] = [typical(found, 'firstMs'), typical(found, 'backMs')];
  const back = backMs === undefined ? 'not all came back' : `all were back after ${msText(backMs)}`;
  return {
    text: `${cut} of ${CONNECTIONS} cut`,
    // A restart cannot spare them; a reload could.
    grade: backMs === undefined || how === 'reload' ? 'bad' : 'fair',
    says: `${cut} of ${CONNECTIONS} connections were cut, the first after ${msText(firstMs)} (${commonest(found, 'end') ?? ''}); ${back}. ${lossText(lost)}`,
  };
}

function lossText(lost: number): string {
  return lost === 0
    ? 'Whatever had been sent by then arrived; what is sent meanwhile has to be replayed.'
    : `Of what had been sent by then ${lost} ${lost === 1 ? 'event' : 'events'} never came: that, and what is sent meanwhile, has to be replayed.`;
}

interface Cut {
  readonly at: number;
  readonly end: End;
}

async function disturb(path: StudyPath, renew: () => Promise<void>): Promise<Found> {
  const { endpoint, signal } = path;
  const lines = await openLines(CONNECTIONS, path, signal);
  const returned: OriginLine[] = [];
  let speaking: NodeJS.Timeout | undefined;
  try {
    speaking = setInterval(() => {
      for (const { session } of lines) session.say();
    }, EVERY_MS);
    // It has carried something before it is disturbed.
    await Promise.all(lines.map((line) => line.arrival(1, endpoint.timeoutMs)));
    const startedAt = performance.now();
    const until = startedAt + WATCHED_MS;
    const cuts: Cut[] = [];
    const backs: number[] = [];
    const watching = lines.map(async ({ client }) => {
      const { end, at } = await client.ended;
      if (end.how === 'open') return;
      cuts.push({ end, at });
      const line = await comeBack(path, until);
      if (line === undefined) return;
      returned.push(line);
      backs.push(performance.now() - startedAt);
    });
    await renew();
    await pauseUntilAborted(until - performance.now(), signal);
    clearInterval(speaking);
    const gone = lines.filter(({ session, received }) => session.said.length > received.length);
    // What is on its way on the others has a moment to arrive.
    await Promise.all(gone.map(({ session, arrival }) => arrival(session.said.length, 500)));
    for (const { client } of lines) client.abandon();
    await Promise.all(watching);
    if (signal.aborted) throw new ProbeFailure('aborted', 'interrupted');
    const lost = lines.map(({ session, received }) => session.said.length - received.length);
    const [first] = [...cuts].sort((a, b) => a.at - b.at);
    return {
      figures: seen({
        cut: cuts.length,
        firstMs: first === undefined ? undefined : Math.max(0, first.at - startedAt),
        backMs: backs.length < cuts.length || cuts.length === 0 ? undefined : Math.max(...backs),
        lost: lost.reduce((sum, one) => sum + one, 0),
      }),
      facts: first === undefined ? {} : { end: connectionEnd(first.end) },
    };
  } finally {
    clearInterval(speaking);
    for (const { client } of [...lines, ...returned]) client.abandon();
  }
}

/** Tries again and again. @returns undefined where that took too long */
async function comeBack(
  { endpoint, origin, signal }: StudyPath,
  until: number,
): Promise<OriginLine | undefined> {
  while (performance.now() < until && !signal.aborted) {
    try {
      return await openLine({ endpoint: { ...endpoint, timeoutMs: 1_000 }, origin }, signal);
    } catch (error) {
      // Nobody is there yet.
      if (!(error instanceof ProbeFailure)) throw error;
    }
    await pauseUntilAborted(RETRY_MS, signal);
  }
  return undefined;
}

export const reload = renewal('reload');
export const restart = renewal('restart');
