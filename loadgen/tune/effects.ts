/**
 * What a setting changed against stock: figures of the same repeat are paired, so that what happened to the
 * machine meanwhile happened to both. Values in, values out.
 */

import { median } from '../../core/median.ts';
import type { Effect, Outcome, Tune, TuneSetting } from '../../core/records/tune.ts';
import { tInterval } from '../../core/stats.ts';
import { transportNames } from '../study/figures.ts';
import { STOCK } from './plan.ts';
import type { TunedFigure } from './tuned-figures.ts';
import { readFigure, tunedFigures } from './tuned-figures.ts';

const CONFIDENCE = 0.95;
/** Of CPU time and the delay of a head there are dozens, and a few of them would move by chance. */
const NOISY_CONFIDENCE = 0.99;

type Measured = Pick<Tune, 'cells' | 'transports' | 'maxMs'>;

export function effectsOf(tune: Measured, setting: string): Effect[] {
  return tune.transports.flatMap((transport) =>
    seenOf(tune, setting, transport).flatMap((figure): Effect[] => {
      const read = (name: string) =>
        readFigure(figure, tune.cells, { setting: name, transport }, tune.maxMs);
      const [before, after] = [read(STOCK), read(setting)];
      const repeats = [...before.keys()].filter((repeat) => after.has(repeat));
      const pairs = repeats.map(
        (repeat) => [before.get(repeat) ?? 0, after.get(repeat) ?? 0] as const,
      );
      const stock = median(pairs.map(([one]) => one));
      const changed = median(pairs.map(([, one]) => one));
      if (stock === undefined || changed === undefined) return [];
      const interval = tInterval(
        pairs.map(([one, other]) => other - one),
        figure.decides ? CONFIDENCE : NOISY_CONFIDENCE,
      );
      const bounds = interval === undefined ? {} : { low: interval.low, high: interval.high };
      const found = { setting, transport, figure: figure.id, stock, changed, ...bounds };
      const verdict = verdictOf(figure, found);
      return [{ ...found, verdict, says: sentence(figure, { ...found, verdict }, tune.maxMs) }];
    }),
  );
}

/** Where no event comes through there is nothing to be said of how they come. */
const NEEDS_EVENTS: readonly string[] = ['clumped', 'delay', 'stored', 'kept', 'cpu'];

/** Of a stream that does not come about there is nothing else to be seen. */
function seenOf(
  { cells, maxMs }: Measured,
  setting: string,
  transport: Tune['transports'][number],
): readonly TunedFigure[] {
  const typical = (id: string): number | undefined => {
    const figure = tunedFigures.find((one) => one.id === id);
    if (figure === undefined) return undefined;
    return median([...readFigure(figure, cells, { setting, transport }, maxMs).values()]);
  };
  if (typical('works') === 0) return tunedFigures.filter(({ id }) => id === 'works');
  if (typical('held') === 1) return tunedFigures.filter(({ id }) => !NEEDS_EVENTS.includes(id));
  return tunedFigures;
}

/**
 * Small is same, whatever the interval; large counts where the interval leaves out none at all. Of a single
 * repeat there is no interval, and then only what decides is believed, since it is not a matter of noise.
 */
export function verdictOf(
  { slack, share, better, decides }: Pick<TunedFigure, 'slack' | 'share' | 'better' | 'decides'>,
  { stock, changed, low, high }: Pick<Effect, 'stock' | 'changed' | 'low' | 'high'>,
): Effect['verdict'] {
  const difference = changed - stock;
  const least = Math.max(slack, share * Math.max(Math.abs(stock), Math.abs(changed)));
  if (Math.abs(difference) < least) return 'same';
  const known = low === undefined || high === undefined ? decides : low > 0 || high < 0;
  if (!known) return 'unclear';
  return difference > 0 === (better === 'higher') ? 'better' : 'worse';
}

function sentence(
  { title, text }: TunedFigure,
  { transport, stock, changed, low, high, verdict }: Omit<Effect, 'says'>,
  maxMs: number,
): string {
  const [from, to] = [text(stock, maxMs), text(changed, maxMs)];
  const what = `${transportNames[transport]}: ${title}: `;
  if (from === to) return `${what}${from}, as before`;
  const unclear =
    verdict === 'unclear'
      ? ', which the repeats do not bear out'
      : verdict === 'same'
        ? ', which is little'
        : '';
  const isNumber = low !== undefined && high !== undefined && /^\d/.test(from) && /^\d/.test(to);
  const interval = isNumber
    ? ` (by ${signed(text, low, maxMs)} … ${signed(text, high, maxMs)})`
    : '';
  return `${what}${from} → ${to}${interval}${unclear}`;
}

const signed = (text: TunedFigure['text'], value: number, maxMs: number): string =>
  `${value < 0 ? '−' : '+'}${text(Math.abs(value), maxMs)}`;

export function outcomeOf(effects: readonly Effect[]): Outcome {
  const decides = (figure: string): boolean =>
    tunedFigures.find(({ id }) => id === figure)?.decides === true;
  const better = effects.some(({ verdict, figure }) => verdict === 'better' && decides(figure));
  const worse = effects.filter(({ verdict }) => verdict === 'worse');
  if (worse.some(({ figure }) => decides(figure))) return 'harms';
  if (better) return worse.length > 0 ? 'trade' : 'helps';
  return worse.length > 0 ? 'costs' : 'nothing';
}

/** What moved, as one sentence. */
export function outcomeSays(effects: readonly Effect[]): string {
  const moved = effects.filter(({ verdict }) => verdict === 'better' || verdict === 'worse');
  if (moved.length === 0) return 'It changes nothing that is measured here.';
  return `${moved.map(({ says, verdict }) => (verdict === 'worse' ? `worse: ${says}` : says)).join('; ')}.`;
}

/**
 * What is worth writing down: what mends most comes first, of those what costs least, and of the others only
 * what mends something that is not mended yet.
 */
export function choose(
  settings: readonly TuneSetting[],
  effects: readonly Effect[],
): readonly TuneSetting[] {
  const decisive = new Set(tunedFigures.filter(({ decides }) => decides).map(({ id }) => id));
  const rows = settings
    .filter(
      ({ name, isCandidate }) =>
        isCandidate && outcomeOf(effects.filter(({ setting }) => setting === name)) !== 'harms',
    )
    .map((setting) => ({
      setting,
      lines: Object.keys(setting.set).length,
      costs: effects.filter(
        ({ setting: name, verdict }) => name === setting.name && verdict === 'worse',
      ).length,
      mends: effects
        .filter(
          ({ setting: name, verdict, figure }) =>
            name === setting.name && verdict === 'better' && decisive.has(figure),
        )
        .map(({ transport, figure }) => `${transport} ${figure}`),
    }))
    .sort((a, b) => b.mends.length - a.mends.length || a.costs - b.costs || a.lines - b.lines);
  const mended = new Set<string>();
  return rows.flatMap(({ setting, mends }) => {
    if (mends.every((what) => mended.has(what))) return [];
    for (const what of mends) mended.add(what);
    return [setting];
  });
}
