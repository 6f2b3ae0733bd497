/**
 * Whether events come through to a client that takes compressed answers, as every browser says that it does.
 * The other measures ask for none, so that what they find is of the path and not of a compressor that waits
 * for more to compress.
 */
import { randomUUID } from 'node:crypto';
import { pauseUntilAborted } from '../pause.ts';
import { openCodedStream } from '../probing/coded-stream.ts';
import type { OriginSession } from '../probing/origin.ts';
import { PLAIN } from '../probing/origin.ts';
import type { Measure, StudyPath } from '../study/measure.ts';

const EVENTS = 20;
const EVERY_MS = 10;
/** How long the last event may take, ms. */
const GRACE_MS = 500;

export const compressed: Measure = {
  name: 'compressed',
  title: 'compressed',
  question: 'Do events come through at once to a client that takes compressed answers?',
  waits: false,
  takesMs: () => ({ alone: EVENTS * EVERY_MS + GRACE_MS, waits: 0 }),
  async look(path) {
    // What is compressed in a WebSocket is agreed on by its ends.
    if (path.transport === 'ws') return { figures: {}, facts: {} };
    const { arrived, encoding } = await stream(path);
    return {
      figures: { sent: EVENTS, missing: Math.max(0, EVENTS - arrived) },
      facts: encoding === undefined ? {} : { encoding },
    };
  },
  judge(found) {
    const missing = Math.max(0, ...found.map(({ figures }) => figures['missing'] ?? 0));
    return missing > 0
      ? { text: `${missing} held`, grade: 'bad', says: `${missing} of ${EVENTS} events are held.` }
      : { text: 'at once', grade: 'good', says: 'Events come at once.' };
  },
  agreement: { figure: 'missing', share: 0.5, slack: 2 },
};

async function stream({ endpoint, origin, signal }: StudyPath): Promise<{
  readonly arrived: number;
  readonly encoding: string | undefined;
}> {
  const id = randomUUID();
  const accepts = 'gzip, deflate, br';
  const coded = openCodedStream(endpoint, `${origin.pathOf('sse', id)}${PLAIN}`, accepts);
  const { received, ended, encoding, abandon } = coded;
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  let session: OriginSession | undefined;
  void origin.session(id).then((opened) => {
    session = opened;
  });
  const until = performance.now() + 2 * EVENTS * EVERY_MS + GRACE_MS;
  while (received.length < EVENTS && !isOver && !signal.aborted && performance.now() < until) {
    if (session !== undefined && session.said.length < EVENTS) session.say();
    await pauseUntilAborted(EVERY_MS, signal);
  }
  abandon();
  return { arrived: received.length, encoding: encoding() };
}
