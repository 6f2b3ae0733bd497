/** What is judged of a trial without a load: that memory had settled and lies on a line, and a quiet machine. */
import type { MemoryStep, RestRecord } from '../core/records/rest.ts';
import { fitLine } from '../core/slope.ts';
import type { Evidence, Rule } from './validity.ts';

/** Of the rules for loads, those that make sense without one. */
const general = new Set(['steal', 'connects', 'connections-kept']);

export const isGeneral = ({ id }: Rule): boolean => general.has(id);

export const restRules: readonly Rule[] = [
  {
    id: 'pressure',
    title: 'time in which a task waited for a CPU',
    unit: 'share',
    bad: 'above',
    value: ({ probes }) => probes['pressureShare'],
    // Never by itself invalid: bytes do not change by it, and CPU is counted as what ran, not as what waited.
    suspect: 0.2,
    broken: 'other work kept the caches cold, so what little CPU is used at rest costs more',
  },
  {
    id: 'settled',
    title: 'memory that still moved between two looks, of what the connections take',
    unit: 'share',
    bad: 'above',
    value: ({ rest }) => ofGrowth(rest, ({ memory }) => memory.map((step) => step.movedBytes)),
    suspect: 0.02,
    invalid: 0.1,
    broken: 'memory had not come to rest; try a longer --settle',
  },
  {
    id: 'straight',
    title: 'distance of memory from a straight line, at most, of what the connections take',
    unit: 'share',
    bad: 'above',
    value: ({ rest }) =>
      ofGrowth(rest, ({ memory }) => fitLine(memory.map(serverPoint))?.residuals.map(Math.abs)),
    // A heap grows by pages and gives them back late: single points lie 7 % off a line that is one.
    suspect: 0.1,
    invalid: 0.25,
    broken: 'one figure per connection does not describe this; try more --clients',
  },
];

const serverPoint = ({ connections, serverBytes }: MemoryStep) => ({
  x: connections,
  y: serverBytes,
});

/** The largest of some bytes, as a share of what memory grew by from the first step to the last. */
function ofGrowth(
  rest: Evidence['rest'],
  pick: (rest: RestRecord) => readonly number[] | undefined,
): number | undefined {
  const [first, last] = [rest?.memory[0], rest?.memory.at(-1)];
  if (rest === undefined || first === undefined || last === undefined) return undefined;
  const values = pick(rest);
  const grown = last.serverBytes - first.serverBytes;
  return values === undefined || grown <= 0 ? undefined : Math.max(...values) / grown;
}
