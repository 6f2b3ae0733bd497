/** The figures that settings are held against each other in, and how each is read from the samples. */
import type { Cell, Sample } from '../../core/records/study.ts';
import { formatBytes, formatNanoseconds } from '../../core/units.ts';
import { msText } from '../study/figures.ts';

export interface TunedFigure {
  readonly id: string;
  readonly title: string;
  readonly measure: string;
  readonly better: 'lower' | 'higher';
  /** Smaller differences are none: at least this much, in its unit, … */
  readonly slack: number;
  /** … and this share of the larger. */
  readonly share: number;
  /** Whether it is what tuning is for; of others it is said what became of them. */
  readonly decides: boolean;
  /** @returns undefined where the sample has nothing to say about it */
  read(sample: Sample, maxMs: number): number | undefined;
  text(value: number, maxMs: number): string;
}

const percent = (value: number): string => `${Math.round(100 * value)} %`;

function idle(direction: 'both' | 'server' | 'client', title: string): TunedFigure {
  return {
    id: `idle.${direction}`,
    title,
    measure: 'idle',
    better: 'higher',
    slack: 300,
    share: 0.15,
    decides: true,
    read: ({ figures, problem }, maxMs) => {
      if (problem !== undefined || figures[`${direction}.survivedMs`] === undefined) {
        return undefined;
      }
      return figures[`${direction}.cutMs`] ?? figures[`${direction}.notSurvivedMs`] ?? maxMs;
    },
    text: (value, maxMs) =>
      value >= maxMs ? `not within ${msText(maxMs)}` : `after ${msText(value)}`,
  };
}

export const tunedFigures: readonly TunedFigure[] = [
  {
    id: 'works',
    title: 'streams that come about',
    measure: 'head',
    better: 'higher',
    slack: 0.5,
    share: 0,
    decides: true,
    read: ({ problem }) => (problem === undefined ? 1 : 0),
    text: (value) => (value >= 0.5 ? 'yes' : 'no'),
  },
  {
    id: 'head',
    title: 'delay of the head',
    measure: 'head',
    better: 'lower',
    slack: 2,
    share: 0.3,
    decides: false,
    read: ({ figures }) => figures['headMs'],
    text: msText,
  },
  {
    id: 'held',
    title: 'events held back',
    measure: 'fast',
    better: 'lower',
    slack: 0.05,
    share: 0,
    decides: true,
    // Where a stream comes about and this one does not, or is over before there is an event, its head was held.
    read: ({ figures, problem }) =>
      problem === undefined ? shareOf(figures['missing'], figures['sent']) : 1,
    text: percent,
  },
  {
    id: 'clumped',
    title: 'events that come in clumps',
    measure: 'fast',
    better: 'lower',
    slack: 0.1,
    share: 0,
    decides: true,
    read: ({ figures }) => figures['clumpedShare'],
    text: percent,
  },
  {
    id: 'delay',
    title: 'delay of an event',
    measure: 'fast',
    better: 'lower',
    slack: 1,
    share: 0.3,
    decides: true,
    read: ({ figures }) => figures['p50Ms'],
    text: msText,
  },
  idle('both', 'cut when both are silent'),
  idle('server', 'cut when the server is silent'),
  idle('client', 'cut when the client is silent'),
  {
    id: 'stored',
    title: 'stored for a client that does not read',
    measure: 'stalled',
    better: 'lower',
    slack: 2 ** 20,
    share: 0.3,
    decides: true,
    read: ({ figures }) => figures['takenBytes'],
    text: formatBytes,
  },
  {
    id: 'kept',
    title: 'a client that does not read is given up',
    measure: 'stalled',
    better: 'lower',
    slack: 500,
    share: 0.15,
    decides: false,
    read: ({ figures }, maxMs) =>
      figures['takenBytes'] === undefined
        ? undefined
        : Math.min(figures['gaveUpMs'] ?? maxMs, maxMs),
    text: (value, maxMs) =>
      value >= maxMs ? `not within ${msText(maxMs)}` : `after ${msText(value)}`,
  },
  {
    id: 'cpu',
    title: 'CPU time of the proxy per delivery',
    measure: 'cpu',
    better: 'lower',
    slack: 2_000,
    share: 0.15,
    decides: false,
    read: ({ figures }) => figures['nsPerDelivery'],
    text: formatNanoseconds,
  },
];

/** By repeat, of the cells that belong to one setting and transport. */
export function readFigure(
  { measure, read }: TunedFigure,
  cells: readonly Cell[],
  of: { readonly setting: string; readonly transport: Cell['transport'] },
  maxMs: number,
): Map<number, number> {
  const cell = cells.find(
    (one) => one.measure === measure && one.route === of.setting && one.transport === of.transport,
  );
  return new Map(
    (cell?.samples ?? []).flatMap((sample): [number, number][] => {
      const value = read(sample, maxMs);
      return value === undefined ? [] : [[sample.repeat, value]];
    }),
  );
}

function shareOf(part: number | undefined, whole: number | undefined): number | undefined {
  if (part === undefined || whole === undefined) return undefined;
  return whole === 0 ? 1 : part / whole;
}
