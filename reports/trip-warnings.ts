/** What a run as a whole has to say about its round trips: what was not answered, and what came too late to be wanted. */
import type { RunResult, Trips, Warning } from '../core/result.ts';
import { countedTrials } from './derive.ts';
import type { TripKind } from './flow.ts';
import { flowWords, timedOut, tripKinds } from './flow.ts';

type Counts = Trips['counts'];

/** Rules as those of a run, each of which may find nothing. */
export const tripWarnings: readonly ((run: RunResult) => Warning[])[] = [
  unanswered,
  partsAfterCancel,
];

function unanswered(run: RunResult): Warning[] {
  return perArmAndKind(run, (arm, kind, sum) => {
    const timeouts = sum(timedOut);
    const errors = sum((counts) => counts.errors);
    if (timeouts === 0 && errors === 0) return undefined;
    const parts = [
      ...(timeouts > 0 ? [`${number(timeouts)} timed out`] : []),
      ...(errors > 0 ? [`${number(errors)} failed`] : []),
    ];
    const planned = number(sum((counts) => counts.planned));
    return {
      code: 'unanswered',
      says: `${arm}: of ${planned} ${flowWords[kind].names} ${parts.join(' and ')}; they count as later than the timeout.`,
      hint: 'See the round trips of the report; try a lower --rate.',
    };
  });
}

/** No fault: what is on its way when a client gives up cannot be called back. */
function partsAfterCancel(run: RunResult): Warning[] {
  return perArmAndKind(run, (arm, kind, sum) => {
    const parts = sum((counts) => counts.partsAfterCancel);
    if (parts === 0) return undefined;
    const cancelled = number(sum((counts) => counts.cancelled));
    return {
      code: 'parts-after-cancel',
      says: `${arm}: ${number(parts)} parts came after their ${flowWords[kind].name} had been given up (${cancelled} were).`,
      hint: 'That is a fact, not a fault: what is on its way cannot be called back.',
    };
  });
}

type Sum = (pick: (counts: Counts) => number) => number;

function perArmAndKind(
  run: RunResult,
  find: (arm: string, kind: TripKind, sum: Sum) => Warning | undefined,
): Warning[] {
  return run.arms.flatMap(({ name }) =>
    tripKinds.flatMap((kind) => {
      const all = run.points
        .flatMap((point) => countedTrials(run, name, point))
        .flatMap(({ trips }) => trips?.[kind]?.counts ?? []);
      const sum: Sum = (pick) => all.reduce((total, counts) => total + pick(counts), 0);
      return find(name, kind, sum) ?? [];
    }),
  );
}

const number = (value: number): string => value.toLocaleString('en-US');
