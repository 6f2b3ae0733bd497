/**
 * Whether events come through to a client that takes compressed answers, as every browser says that it does.
 * The other measures ask for none, so that what they find is of the path and not of a compressor that waits
 * for more to compress.
 */
import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { decoded } from '../probing/decoded.ts';
import { hostOf, portOf } from '../probing/endpoint.ts';
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

function stream({ endpoint, origin, signal }: StudyPath): Promise<{
  readonly arrived: number;
  readonly encoding: string | undefined;
}> {
  const id = randomUUID();
  let text = '';
  let encoding: string | undefined;
  return new Promise((resolve) => {
    const request = get({
      host: hostOf(endpoint.url),
      port: portOf(endpoint.url),
      path: `${origin.pathOf('sse', id)}${PLAIN}`,
      headers: { Accept: 'text/event-stream', 'Accept-Encoding': 'gzip, deflate, br' },
      agent: false,
    });
    const countOf = (): number => text.split('data: ').length - 1;
    let sending: NodeJS.Timeout | undefined;
    const done = (): void => {
      clearInterval(sending);
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      request.destroy();
      resolve({ arrived: countOf(), encoding });
    };
    const timer = setTimeout(done, 2 * EVENTS * EVERY_MS + GRACE_MS);
    signal.addEventListener('abort', done, { once: true });
    // Whatever ends it: what has arrived by then is the answer.
    request.on('error', done);
    request.once('response', (response) => {
      encoding = response.headers['content-encoding'];
      const plain = decoded(response);
      plain.setEncoding('utf8').on('data', (part: string) => {
        text += part;
        if (countOf() >= EVENTS) done();
      });
      for (const one of [response, plain]) one.on('error', done);
    });
    void origin.session(id).then((session) => {
      sending = setInterval(() => {
        if (session.said.length >= EVENTS || session.say() === undefined) clearInterval(sending);
      }, EVERY_MS);
    });
  });
}
