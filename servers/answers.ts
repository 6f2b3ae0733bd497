/** Puts together what the processes of one server answer, as if they were one. Takes values, returns values. */
import type { FromServer } from '../core/control.ts';
import type { ServerMemory } from '../core/process-memory.ts';
import type { LoopSample, ServerCounts } from '../core/process-reports.ts';

type Answer<K extends FromServer['kind']> = Extract<FromServer, { kind: K }>;

/** How each answer is put together. @param answers at least one, of processes that serve now */
type Mergers = {
  readonly [K in FromServer['kind']]?: (answers: readonly [Answer<K>, ...Answer<K>[]]) => Answer<K>;
};

export const mergers = {
  handling: ([first]) => first,
  beating: (answers) => ({ kind: 'beating', sent: total(answers.map(({ sent = 0 }) => sent)) }),
  counted: (answers) => ({
    kind: 'counted',
    counts: addCounts(answers.map(({ counts }) => counts)),
  }),
  asked: ([first, ...rest]) => ({ ...first, others: rest.map(({ report }) => report) }),
  closures: (answers) => ({
    kind: 'closures',
    closures: answers.flatMap(({ closures }) => closures).sort((a, b) => a.at - b.at),
  }),
  gauged: (answers) => {
    const sum = (pick: (answer: Answer<'gauged'>) => number): number => total(answers.map(pick));
    return {
      kind: 'gauged',
      gauge: {
        at: Math.max(...answers.map(({ gauge }) => gauge.at)),
        bufferedBytes: sum(({ gauge }) => gauge.bufferedBytes),
        // Every process is given what somebody in it hears: the most is nearest to what there was.
        published: Math.max(...answers.map(({ gauge }) => gauge.published)),
        dropped: sum(({ gauge }) => gauge.dropped),
        expelled: sum(({ gauge }) => gauge.expelled),
      },
    };
  },
  inspected: (answers) => ({
    kind: 'inspected',
    memory: addMemory(answers.map(({ memory }) => memory)),
  }),
  'server-sample': (answers) => ({
    kind: 'server-sample',
    at: Math.max(...answers.map(({ at }) => at)),
    loop: joinLoops(answers.map(({ loop }) => loop)),
    sessions: total(answers.map(({ sessions }) => sessions)),
    bufferedBytes: total(answers.map(({ bufferedBytes }) => bufferedBytes)),
  }),
} satisfies Mergers;

export function addCounts(all: readonly ServerCounts[]): ServerCounts {
  const drops: Record<string, number> = {};
  for (const counts of all) {
    for (const [reason, count] of Object.entries(counts.drops ?? {})) {
      drops[reason] = (drops[reason] ?? 0) + count;
    }
  }
  const sum = (pick: (counts: ServerCounts) => number | undefined): number =>
    total(all.map((counts) => pick(counts) ?? 0));
  return {
    drops,
    bytesIn: sum(({ bytesIn }) => bytesIn),
    bytesOut: sum(({ bytesOut }) => bytesOut),
    blockedNs: sum(({ blockedNs }) => blockedNs),
    replayed: sum(({ replayed }) => replayed),
    gaps: sum(({ gaps }) => gaps),
    delivered: sum(({ delivered }) => delivered),
    expelled: sum(({ expelled }) => expelled),
    slowAt: all.flatMap(({ slowAt = [] }) => slowAt).sort((a, b) => a - b),
  };
}

export function addMemory(all: readonly ServerMemory[]): ServerMemory {
  const sum = (pick: (memory: ServerMemory) => number | undefined): number | undefined => {
    const known = all.flatMap((memory) => pick(memory) ?? []);
    return known.length < all.length ? undefined : total(known);
  };
  return {
    rssBytes: sum(({ rssBytes }) => rssBytes),
    heapUsedBytes: sum(({ heapUsedBytes }) => heapUsedBytes),
    externalBytes: sum(({ externalBytes }) => externalBytes),
    timers: sum(({ timers }) => timers),
    handles: sum(({ handles }) => handles),
  };
}

/** The busiest of them is the one that a client may wait for. */
export function joinLoops(all: readonly LoopSample[]): LoopSample {
  return {
    utilization: Math.max(...all.map(({ utilization }) => utilization)),
    gcMs: total(all.map(({ gcMs }) => gcMs)),
    gcLongestMs: Math.max(...all.map(({ gcLongestMs }) => gcLongestMs)),
    rssBytes: total(all.map(({ rssBytes }) => rssBytes)),
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0);
