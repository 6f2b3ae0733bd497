/**
 * Whether connections on which the server beats at an interval stay open, what a beat weighs, and how soon
 * the server knows of a peer that has died without a word: one that neither reads nor answers any more.
 */
import type { OriginSession } from '../../probing/origin.ts';
import type { OriginLine } from '../../probing/origin-line.ts';
import { openLines } from '../../probing/origin-line.ts';
import { msText, seen, typical } from '../figures.ts';
import type { Measure, StudyPath } from '../measure.ts';
import { pause } from '../pause.ts';
import { openStalled } from './stalled.ts';

const CONNECTIONS = 4;

export function beatEvery(everyMs: number): Measure {
  return {
    name: `every-${everyMs}`,
    title: `every ${msText(everyMs)}`,
    question: `Does a heartbeat every ${msText(everyMs)} keep connections open, and how soon is a dead peer found?`,
    waits: true,
    takesMs: (maxMs) => ({ alone: 0, waits: maxMs + 500 }),
    async look(path) {
      const lines = await openLines(CONNECTIONS, path, path.signal);
      const dead = await openStalled(path).catch((error: unknown) => {
        for (const { client } of lines) client.abandon();
        throw error;
      });
      try {
        return { figures: seen(await beat(lines, dead.session, everyMs, path)), facts: {} };
      } finally {
        dead.close();
        await Promise.all(lines.map(({ client }) => client.leave()));
      }
    },
    judge(found, { transport, maxMs }) {
      const survived = Math.min(...found.map(({ figures }) => figures['survived'] ?? 0));
      const dead = typical(found, 'deadMs');
      const cut = typical(found, 'cutMs');
      const bytes = typical(found, 'bytesPerBeat');
      const peer =
        dead === undefined
          ? `A peer that has died without a word is not found within ${msText(maxMs)}${transport === 'sse' ? ': nothing answers a comment' : ''}.`
          : `A peer that has died without a word is found after ${msText(dead)}.`;
      const weight = bytes === undefined ? '' : ` A beat weighs ${Math.round(bytes)} B.`;
      return survived === CONNECTIONS
        ? {
            text: 'stays open',
            grade: 'good',
            says: `All connections are open after ${msText(maxMs)}.${weight} ${peer}`,
          }
        : {
            text: `${CONNECTIONS - survived} of ${CONNECTIONS} cut`,
            grade: 'bad',
            says: `${CONNECTIONS - survived} of ${CONNECTIONS} connections are cut${cut === undefined ? '' : `, the first after ${msText(cut)}`}.`,
          };
    },
    agreement: { figure: 'survived', share: 0, slack: 0 },
  };
}

/** Beats on all of them until the time is over. */
async function beat(
  lines: readonly OriginLine[],
  dead: OriginSession,
  everyMs: number,
  { maxMs, signal }: StudyPath,
): Promise<Record<string, number | undefined>> {
  const startedAt = performance.now();
  const cuts: number[] = [];
  for (const { client } of lines) {
    void client.ended.then(({ end, at }) => {
      if (end.how !== 'open') cuts.push(at - startedAt);
    });
  }
  let deadAt: number | undefined;
  const found = (at: number): void => {
    deadAt ??= at;
  };
  void dead.gone.then(({ at }) => found(at));
  const [first] = lines;
  const bytesOf = (): number =>
    first === undefined ? 0 : first.session.socket.bytesWritten + first.session.socket.bytesRead;
  const bytesBefore = bytesOf();
  let beats = 0;
  let lastBeatAt: number | undefined;
  let answers = false;
  const beating = setInterval(() => {
    const now = performance.now();
    // The others have answered the last one, so pongs come; this one has not.
    if (answers && lastBeatAt !== undefined && (dead.pongAt ?? 0) < lastBeatAt) found(now);
    for (const { session } of lines) session.beat();
    dead.beat();
    beats += 1;
    lastBeatAt = now;
  }, everyMs);
  const look = (): void => {
    const last = lastBeatAt;
    answers ||= last !== undefined && lines.some(({ session }) => (session.pongAt ?? 0) >= last);
  };
  const looking = setInterval(look, Math.min(50, everyMs / 4));
  try {
    await pause(maxMs, signal);
  } finally {
    clearInterval(beating);
    clearInterval(looking);
  }
  return {
    survived: lines.length - cuts.length,
    cutMs: cuts.length === 0 ? undefined : Math.min(...cuts),
    // Where all are cut it was not missed, but cut like the others.
    deadMs: deadAt === undefined || cuts.length > 0 ? undefined : deadAt - startedAt,
    bytesPerBeat: cuts.length > 0 || beats === 0 ? undefined : (bytesOf() - bytesBefore) / beats,
  };
}
