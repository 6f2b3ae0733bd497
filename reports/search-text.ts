/** What a search came to, in a few words: the same on the terminal, in progress and in the report. */
import { median } from '../core/median.ts';
import type { SearchRecord } from '../core/records/search.ts';
import { formatNumber } from '../core/units.ts';

/** A load with its unit: '1,150/s', '400 clients'. */
export function loadText({ unit }: Pick<SearchRecord, 'unit'>, load: number): string {
  return unit === '/s'
    ? `${formatNumber(load)}/s`
    : `${load.toLocaleString('en-US')} ${load === 1 ? 'client' : 'clients'}`;
}

/**
 * What disturbed the trials in which the last pass passed; undefined where there was one in peace. A disturbance
 * can only have made it harder, so it has passed, but not in a valid trial.
 */
export function doubtOfPass({ lastPass, steps }: SearchRecord): string | undefined {
  const passes = steps.filter(({ load, outcome }) => load === lastPass && outcome === 'pass');
  const disturbed = passes.filter(({ stop }) => stop !== undefined);
  return disturbed.length === passes.length ? disturbed.at(-1)?.stop?.says : undefined;
}

/** 'up to 1,150/s (fails at 1,280/s: …)', '≥ 2,000/s (generator-limited: …)', 'not finished: …'. */
export function searchText(search: SearchRecord): string {
  const { end, lastPass, firstFail, from, stop } = search;
  const load = (value: number): string => loadText(search, value);
  if (lastPass === undefined) {
    if (end === 'below') return `not even ${load(from)} (${stop.says})`;
    const at = firstFail === undefined ? '' : `at ${load(firstFail)}: `;
    return `nothing known (${at}${stop.says})`;
  }
  const doubt = doubtOfPass(search);
  const but =
    doubt === undefined ? '' : `; ${load(lastPass)} passed in no undisturbed trial: ${doubt}`;
  switch (end) {
    case 'bracketed':
      return `up to ${load(lastPass)} (fails at ${load(firstFail ?? lastPass)}: ${stop.says}${but})`;
    case 'unfinished':
      return `${load(lastPass)} so far (not finished: ${stop.says}${firstFail === undefined ? '' : `, and ${load(firstFail)} did not pass`}${but})`;
    case 'below':
    case 'steps':
    case 'limited':
    case 'highest':
      return `≥ ${load(lastPass)} (${limitWords[stop.cause]}: ${stop.says}${but})`;
  }
}

/**
 * What all searches of one arm come to together: the middle, the range, and what became of those that found no
 * load that passes and one that fails. One that passed not even its first load counts as less than that.
 */
export function searchesText(searches: readonly SearchRecord[]): string {
  const [only] = searches;
  if (only === undefined) return 'was not searched';
  const known = searches.filter(({ end, lastPass }) => lastPass !== undefined || end === 'below');
  if (searches.length === 1 || known.length === 0) return searchText(only);
  const load = (value: number): string => loadText(only, value);
  const passes = known.map(({ lastPass = 0 }) => lastPass).sort((a, b) => a - b);
  const [low = 0, high = 0] = [passes[0], passes.at(-1)];
  const lower = passes[Math.floor((passes.length - 1) / 2)] ?? 0;
  const below = searches.filter(({ end }) => end === 'below');
  const bracketed = searches.filter(({ end }) => end === 'bracketed');
  const lessThanFirst = `less than ${load(only.from)}`;
  const middle = load(median(passes) ?? 0);
  const isBracketed = bracketed.length === searches.length;
  const found =
    lower > 0
      ? `${isBracketed ? 'up to ' : below.length > 0 ? 'in the middle ' : '≥ '}${middle}`
      : median(passes) === 0
        ? `not even ${load(only.from)} in most searches`
        : `${lessThanFirst} in one half of the searches`;
  const range = `${low === 0 ? lessThanFirst : load(low)} … ${high === 0 ? lessThanFirst : load(high)}`;
  const open = searches.length - bracketed.length - below.length;
  const exceptions = [
    ...(below.length === 0 ? [] : [`${below.length} passed not even ${load(only.from)}`]),
    ...(open === 0 ? [] : [`${open} found no end`]),
  ];
  const others = exceptions.length === 0 ? '' : `, of which ${exceptions.join(' and ')}`;
  const { stop } = (lower === 0 ? below[0] : bracketed[0]) ?? only;
  return `${found} (${range} in ${searches.length} searches${others}; ${stop.says})`;
}

const limitWords: Readonly<Record<SearchRecord['stop']['cause'], string>> = {
  server: 'server-limited',
  objective: 'limited',
  network: 'limited by the network',
  proxy: 'limited by the proxy',
  connections: 'limited by connections',
  generator: 'generator-limited',
  machine: 'limited by the machine',
  descriptors: 'limited by open files',
  ports: 'limited by local ports',
  memory: 'limited by memory',
  asked: 'not limited',
  unfinished: 'not finished',
};
