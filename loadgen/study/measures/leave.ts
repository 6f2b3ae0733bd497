/** How long it takes until the server knows that a client behind a path has left, silent or beating. */
import { measureLeave } from '../../probing/leave.ts';
import { msText, seen, typical } from '../figures.ts';
import type { Measure } from '../measure.ts';

const BEAT_MS = 250;
const LONGEST_MS = 10_000;
/** Later than this a server has more sessions than clients, ms. */
const LATE_MS = 1_000;
/** Of a server that beats: some of what it sends is taken before it is told. */
const LATE_BEATING_MS = 10 * BEAT_MS;

export const leave: Measure = {
  name: 'leave',
  title: 'client leaves',
  question: 'How long until the server knows that a client is gone, silent and with heartbeats?',
  waits: true,
  takesMs: (maxMs) => ({ alone: 0, waits: Math.min(maxMs, LONGEST_MS) }),
  async look({ endpoint, origin, maxMs, signal }) {
    const path = {
      endpoint,
      origin,
      how: 'drop',
      limitMs: Math.min(maxMs, LONGEST_MS),
      signal,
    } as const;
    const [silent, beating] = await Promise.all([
      measureLeave(path),
      measureLeave({ ...path, speakEveryMs: BEAT_MS }),
    ]);
    return {
      figures: seen({
        silentMs: silent.toldAfterMs,
        beatingMs: beating.toldAfterMs,
        sentInVain: beating.sentInVain,
      }),
      facts: {},
    };
  },
  judge(found, { maxMs }) {
    const limit = msText(Math.min(maxMs, LONGEST_MS));
    const [silent, beating] = [typical(found, 'silentMs'), typical(found, 'beatingMs')];
    const told = (ms: number | undefined): string =>
      ms === undefined ? `is not told within ${limit}` : `is told after ${msText(ms)}`;
    const soon = beating !== undefined && beating <= LATE_BEATING_MS;
    return {
      text: silent === undefined ? `not in ${limit}` : msText(silent),
      grade: silent !== undefined && silent <= LATE_MS ? 'good' : soon ? 'fair' : 'bad',
      says: `A server that is silent ${told(silent)}; one that speaks every ${msText(BEAT_MS)} ${told(beating)}.`,
    };
  },
  agreement: { figure: 'silentMs', share: 0.5, slack: 100 },
};
