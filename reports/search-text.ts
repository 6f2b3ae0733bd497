/** What a search came to, in a few words: the same on the terminal, in progress and in the report. */
import type { SearchRecord } from '../core/records/search.ts';
import { formatNumber } from '../core/units.ts';

/** A load with its unit: '1,150/s', '400 clients'. */
export function loadText({ unit }: Pick<SearchRecord, 'unit'>, load: number): string {
  return unit === '/s'
    ? `${formatNumber(load)}/s`
    : `${load.toLocaleString('en-US')} ${load === 1 ? 'client' : 'clients'}`;
}

/** 'up to 1,150/s (fails at 1,280/s: …)', '≥ 2,000/s (generator-limited: …)'. */
export function searchText(search: SearchRecord): string {
  const { end, lastPass, firstFail, from, stop } = search;
  const load = (value: number): string => loadText(search, value);
  if (lastPass === undefined) {
    return end === 'below'
      ? `not even ${load(from)} (${stop.says})`
      : `nothing known (at ${load(firstFail ?? from)}: ${stop.says})`;
  }
  switch (end) {
    case 'bracketed':
      return `up to ${load(lastPass)} (fails at ${load(firstFail ?? lastPass)}: ${stop.says})`;
    case 'below':
    case 'steps':
    case 'limited':
    case 'highest':
      return `≥ ${load(lastPass)} (${limitWords[stop.cause]}: ${stop.says})`;
  }
}

const limitWords: Readonly<Record<SearchRecord['stop']['cause'], string>> = {
  server: 'server-limited',
  objective: 'limited',
  connections: 'limited by connections',
  generator: 'generator-limited',
  machine: 'limited by the machine',
  descriptors: 'limited by open files',
  ports: 'limited by local ports',
  memory: 'limited by memory',
  asked: 'not limited',
};
