/** After how long a silence of whom a path cuts a connection, how that looks, and whether anything was lost. */
import type { Silent, StreamKind } from '../../../core/records/probe.ts';
import type { IdleCut } from '../../probing/idle-cut.ts';
import { measureIdleCut } from '../../probing/idle-cut.ts';
import { connectionEnd } from '../end-words.ts';
import { commonest, msText, seen, typical } from '../figures.ts';
import type { Measure } from '../measure.ts';

/** Of the longest silence; close to each other, since all of them are tried at the same time. */
const SHARES = [0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1];
const WHO: Readonly<Record<Silent, string>> = {
  both: 'nobody spoke',
  server: 'the server was silent, although the client spoke',
  client: 'the client was silent, although the server spoke',
};

/** Who can be silent: a client of an event stream cannot speak. */
const directionsOf: Readonly<Record<StreamKind, readonly Silent[]>> = {
  sse: ['both', 'client'],
  ws: ['both', 'server', 'client'],
};

export const idle: Measure = {
  name: 'idle',
  title: 'idle cut',
  question: 'After how long a silence is a connection cut, and what is seen of that?',
  waits: true,
  takesMs: (maxMs) => ({ alone: 0, waits: maxMs + 1_500 }),
  async look({ endpoint, origin, transport, maxMs, signal }) {
    const silences = SHARES.map((share) => Math.round(share * maxMs));
    const cuts = await Promise.all(
      directionsOf[transport].map((direction) =>
        measureIdleCut({ endpoint, origin, silences, direction, signal }),
      ),
    );
    const figures: Record<string, number | undefined> = {};
    const facts: Record<string, string> = {};
    for (const cut of cuts) {
      const { direction, survivedMs, notSurvivedMs, cutMs } = cut;
      Object.assign(figures, {
        [`${direction}.survivedMs`]: survivedMs,
        [`${direction}.notSurvivedMs`]: notSurvivedMs,
        [`${direction}.cutMs`]: cutMs,
        [`${direction}.lost`]: lostOf(cut),
      });
      const [ended] = cut.trials.filter(({ outcome }) => outcome !== 'survived');
      if (ended !== undefined) facts[`${direction}.end`] = connectionEnd(ended.end);
    }
    const all = cuts.flatMap(({ cutMs }) => cutMs ?? []);
    if (all.length > 0) figures['firstMs'] = Math.min(...all);
    return { figures: seen(figures), facts };
  },
  judge(found, { transport, maxMs }) {
    const directions = directionsOf[transport];
    const cuts = directions.flatMap((direction) => {
      const limit = typical(found, `${direction}.notSurvivedMs`);
      if (limit === undefined) return [];
      const ms = typical(found, `${direction}.cutMs`);
      return { direction, ms, limit, lost: typical(found, `${direction}.lost`) ?? 0 };
    });
    const [first] = cuts.sort((a, b) => (a.ms ?? a.limit) - (b.ms ?? b.limit));
    if (first === undefined) {
      return {
        text: `none in ${msText(maxMs)}`,
        grade: 'good',
        says: `Silences of up to ${msText(maxMs)} are survived, whoever is silent.`,
      };
    }
    const says = cuts.map(({ direction, ms, limit, lost }) => {
      const when =
        ms === undefined
          ? `Nothing comes through after ${msText(limit)} in which ${WHO[direction]}, and nobody is told`
          : `Cut after ${msText(ms)} in which ${WHO[direction]} (${commonest(found, `${direction}.end`) ?? 'its end was not seen'})`;
      return `${when}${lost > 0 ? `; ${lost === 1 ? '1 event on the way was' : `${lost} events on the way were`} lost` : ''}.`;
    });
    const kept = directions.filter((one) => cuts.every(({ direction }) => direction !== one));
    const unless =
      kept.length === 0
        ? ''
        : ` Not cut within ${msText(maxMs)}: where ${kept.map((one) => WHO[one]).join('; where ')}.`;
    return {
      text: first.ms === undefined ? 'swallowed' : msText(first.ms),
      // A path without any limit is the exception: one that says so and can be kept open is as usual.
      grade: cuts.some(({ direction, ms }) => ms === undefined || direction === 'client')
        ? 'bad'
        : 'fair',
      says: `${says.join(' ')}${unless}`,
    };
  },
  agreement: { figure: 'firstMs', share: 0.1, slack: 600 },
};

/** Events that were handed over after the silence and never came, the most on any connection that was cut. */
function lostOf({ trials }: IdleCut): number {
  return Math.max(0, ...trials.map(({ lostEvents }) => lostEvents));
}
