/** What became of round trips, and how many there were in a second. */
import type { Trial, Trips } from '../../core/result.ts';
import type { TripKind } from '../flow.ts';
import { timedOut } from '../flow.ts';
import type { Metric, Unit } from '../metric.ts';

type Counts = Trips['counts'];

function countsOf(trials: readonly Trial[], kind: TripKind): Counts[] {
  return trials.flatMap(({ trips }) => trips?.[kind]?.counts ?? []);
}

const sumOf = (all: readonly Counts[], pick: (counts: Counts) => number): number =>
  all.reduce((sum, counts) => sum + pick(counts), 0);

/** The same figure of one trial and of several: counts are added up before anything else. */
function summed(
  kind: TripKind,
  of: (all: readonly Counts[]) => number | undefined,
): Pick<Metric, 'derive' | 'merge'> {
  const merge = (trials: readonly Trial[]): number | undefined => {
    const all = countsOf(trials, kind);
    return all.length === 0 ? undefined : of(all);
  };
  return { derive: (trial) => merge([trial]), merge };
}

function counted(
  kind: TripKind,
  pick: (counts: Counts) => number,
  title: string,
  explain: string,
): Metric {
  const unit: Unit = 'count';
  return {
    title,
    unit,
    better: 'lower',
    explain,
    ...summed(kind, (all) => sumOf(all, pick)),
  };
}

/** Where answers come in one piece there is nothing to count. */
function countedInParts(
  pick: (counts: Counts) => number | undefined,
  title: string,
  explain: string,
): Metric {
  const unit: Unit = 'count';
  return {
    title,
    unit,
    better: 'lower',
    explain,
    ...summed('request', (all) => {
      const found = all.flatMap((counts) => pick(counts) ?? []);
      return found.length === 0 ? undefined : found.reduce((sum, one) => sum + one, 0);
    }),
  };
}

function answered(kind: TripKind, title: string, what: string): Metric {
  return {
    title,
    unit: 'share',
    better: 'higher',
    explain: `${what} that were answered, of all that were planned and not given up`,
    ...summed(kind, (all) => {
      const wanted = sumOf(all, (one) => one.planned - one.cancelled);
      return wanted <= 0 ? undefined : sumOf(all, (one) => one.answered) / wanted;
    }),
  };
}

function perSecond({ probes }: Trial, count: number | undefined): number | undefined {
  const durationNs = probes['durationNs'];
  return count === undefined || !durationNs ? undefined : count / (durationNs / 1e9);
}

export const tripCountMetrics = {
  'request.answered': answered('request', 'requests answered', 'requests'),
  'ask.answered': answered('ask', 'asks answered', 'questions of the server'),
  'request.timeouts': counted(
    'request',
    timedOut,
    'request timeouts',
    'requests that nobody answered: neither refused, nor failed, nor given up',
  ),
  'ask.timeouts': counted(
    'ask',
    timedOut,
    'ask timeouts',
    'questions of the server that nobody answered: neither refused, nor failed, nor given up',
  ),
  'request.late': counted(
    'request',
    ({ late }) => late,
    'requests answered late',
    'requests that were answered after the timeout',
  ),
  'ask.late': counted(
    'ask',
    ({ late }) => late,
    'asks answered late',
    'questions of the server that were answered after the timeout',
  ),
  'request.errors': counted(
    'request',
    ({ errors }) => errors,
    'request errors',
    'requests that were refused, or answered with an error',
  ),
  'ask.errors': counted(
    'ask',
    ({ errors }) => errors,
    'ask errors',
    'questions of the server that were refused, or answered with an error',
  ),
  'request.cancelled': counted(
    'request',
    ({ cancelled }) => cancelled,
    'requests cancelled',
    'requests that their client gave up before the end of the answer, on purpose',
  ),
  'request.wasted': counted(
    'request',
    ({ partsAfterCancel }) => partsAfterCancel,
    'parts after a cancel',
    'parts of answers that came although their request had been given up',
  ),
  'request.parts.missing': countedInParts(
    ({ partsMissing }) => partsMissing,
    'parts missing',
    'parts that answered requests lack',
  ),
  'request.parts.disorder': countedInParts(
    ({ partsOutOfTurn }) => partsOutOfTurn,
    'parts out of turn',
    'parts of answers that came before an earlier one, or again',
  ),
  'request.rate': {
    title: 'request rate',
    unit: '/s',
    better: 'higher',
    explain: 'requests answered per second of the measured phase',
    derive: (trial) => perSecond(trial, trial.trips?.request?.counts.answered),
  },
  'request.parts': {
    title: 'parts',
    unit: '/s',
    better: 'higher',
    explain: 'parts of answers per second, over all requests',
    derive: (trial) => {
      const request = trial.trips?.request;
      // An answer in one piece has no parts, which is not the same as none having come.
      const inParts = request?.first !== undefined || (request?.counts.parts ?? 0) > 0;
      return inParts ? perSecond(trial, request?.counts.parts) : undefined;
    },
  },
} satisfies Record<string, Metric>;
