/** What was found about one pair of arms in one clause, and what that clause has left out. */
import type { Point, RunComparison, RunResult } from '../../core/result.ts';
import { pointName } from '../../core/result.ts';
import { formatChange } from '../../core/units.ts';
import { metricOf } from '../metrics/registry.ts';
import { paramText, pointText } from '../param-text.ts';
import { shareText } from './share-text.ts';

/** From the name of an arm to what a sentence calls it. */
export type Naming = (arm: string) => string;

/** What an arm that wins on such a metric does; the first that fits. */
const PHRASES: readonly (readonly [start: string, phrase: string])[] = [
  ['latency.', 'delivers faster'],
  ['spread.', 'delivers faster'],
  ['request.first.', 'starts its answers sooner'],
  ['request.gap.', 'leaves shorter gaps between parts'],
  ['request.parts', 'delivers more parts'],
  ['request.rate', 'answers more requests'],
  ['request.answered', 'answers more requests'],
  ['request.p', 'answers faster'],
  ['request.max', 'answers faster'],
  ['request.sent.', 'answers faster'],
  ['ask.answered', 'gets more answers'],
  ['ask.p', 'gets its answers faster'],
  ['ask.max', 'gets its answers faster'],
  ['ask.overhead.', 'gets its answers faster'],
  ['trip.server.cpu', 'costs less server CPU'],
  ['trip.generator.cpu', 'costs its clients less CPU'],
  ['trip.bytes.up', 'sends fewer bytes up'],
  ['trip.bytes.down', 'sends fewer bytes down'],
  ['upstream.connections', 'needs fewer connections'],
  ['server.busy', 'keeps its server less busy'],
  ['connect.', 'connects faster'],
  ['server.cpu', 'costs less server CPU'],
  ['generator.cpu', 'costs its receivers less CPU'],
  ['server.memory', 'needs less memory'],
  ['wire.bytes', 'sends fewer bytes'],
  ['reach', 'delivers more'],
];

const FEWEST_ROUNDS = 6;

export const isBeyond = ({ verdict }: RunComparison): boolean =>
  verdict === 'better' || verdict === 'worse';

/** All headline comparisons of one pair, at every point of the run; without a full stop. */
export function pairTitle(run: RunResult, all: readonly RunComparison[], nameOf: Naming): string {
  const both = all[0] === undefined ? '' : `${nameOf(all[0].arm)} and ${nameOf(all[0].against)}`;
  const margin = shareText(run.options.margin);
  const real = ofVerdict(all, 'small-but-real');
  const beyond = all.filter(isBeyond);
  const [strongest] = beyond;
  if (strongest !== undefined) {
    const claims = claimsOf(run, beyond, [...beyond, ...real], nameOf);
    return claims.length > 1 || run.points.length > 1
      ? claims.join(', ')
      : `${claims[0]}: ${finding(strongest, nameOf)}`;
  }
  if (real.length > 0) {
    const inside = real.every((one) => isInside(one, run.options.margin));
    const size = inside ? 'by less' : 'not surely by more';
    return `${claimsOf(run, real, real, nameOf).join(', ')}, but ${size} than the ${margin} margin`;
  }
  const same = ofVerdict(all, 'same');
  if (same.length === all.length) return `No practical difference between ${both}`;
  if (same.length > 0) {
    const rest = all.filter((one) => !same.includes(one));
    return `No practical difference between ${both} in ${titles(same)}; unclear in ${titles(rest)}`;
  }
  const rounds = Math.max(...all.map((one) => one.rounds));
  if (all.every(({ verdict }) => verdict === 'not-comparable')) {
    return `Not comparable: only ${rounds} of ${run.options.rounds} rounds were valid`;
  }
  const verb = run.options.rounds < FEWEST_ROUNDS ? 'cannot' : 'did not';
  return `Unclear: ${rounds} ${rounds === 1 ? 'round' : 'rounds'} ${verb} tell ${both} apart`;
}

/** What the title has not said of a pair at its only point, by verdict. */
export function remainder(
  { options: { margin } }: RunResult,
  all: readonly RunComparison[],
  nameOf: Naming,
): string[] {
  const real = ofVerdict(all, 'small-but-real');
  const inside = real.filter((one) => isInside(one, margin));
  const sized = (one: RunComparison): string =>
    `${plainTitle(one.metric)} (${nameOf(one.arm)} ${formatChange(one.ratio ?? 1)})`;
  const plain = ({ metric }: RunComparison): string => plainTitle(metric);
  const groups = [
    ['Also beyond the margin', all.filter(isBeyond).slice(1), sized],
    ['Real, but not surely beyond the margin', real.filter((one) => !inside.includes(one)), sized],
    ['Real, but inside the margin', inside, sized],
    ['No practical difference', ofVerdict(all, 'same'), plain],
    ['Unclear', ofVerdict(all, 'unclear'), plain],
    ['Not comparable', ofVerdict(all, 'not-comparable'), plain],
  ] as const;
  const present = groups.filter(([, members]) => members.length > 0);
  // Where everything has one verdict, the title has said it.
  return present.length < 2 && !all.some(isBeyond)
    ? []
    : present.map(([words, members, text]) => `${words}: ${list(members.map(text))}.`);
}

/**
 * 'WebSocket delivers faster and costs less server CPU', one per winner.
 *
 * @param known all real differences: where both arms win something under one phrase, the phrase
 * would contradict itself, so the metrics are named instead
 */
function claimsOf(
  run: RunResult,
  found: readonly RunComparison[],
  known: readonly RunComparison[],
  nameOf: Naming,
): string[] {
  const claimOf = ({ metric }: RunComparison): string => {
    const phrase = phraseOf(metric);
    const winners = known.filter((one) => phraseOf(one.metric) === phrase).map(winnerOf);
    return new Set(winners).size > 1 ? `is better on ${plainTitle(metric)}` : phrase;
  };
  return [...new Set(found.map(winnerOf))].map((winner) => {
    const won = found.filter((one) => winnerOf(one) === winner);
    const claims = [...new Set(won.map(claimOf))].map((claim) => {
      const at = new Set(
        won.filter((one) => claimOf(one) === claim).map(({ point }) => pointName(point)),
      );
      const points = run.points.filter((point) => at.has(pointName(point)));
      return points.length === run.points.length ? claim : `${claim} at ${pointList(run, points)}`;
    });
    return `${nameOf(winner)} ${list(claims)}`;
  });
}

function winnerOf({ metric, verdict, ratio, arm, against }: RunComparison): string {
  if (verdict === 'better') return arm;
  if (verdict === 'worse') return against;
  return (ratio ?? 1) < 1 === (metricOf(metric)?.better !== 'higher') ? arm : against;
}

function phraseOf(metric: string): string {
  const known = PHRASES.find(([start]) => metric.startsWith(start));
  return known?.[1] ?? `is better on ${plainTitle(metric)}`;
}

function finding({ metric, arm, ratio = 1 }: RunComparison, nameOf: Naming): string {
  const direction = ratio > 1 ? 'higher' : 'lower';
  return `${plainTitle(metric)} of ${nameOf(arm)} is ${shareText(Math.abs(ratio - 1))} ${direction}`;
}

const ofVerdict = (all: readonly RunComparison[], wanted: RunComparison['verdict']) =>
  all.filter(({ verdict }) => verdict === wanted);

const titles = (comparisons: readonly RunComparison[]): string =>
  list([...new Set(comparisons.map(({ metric }) => plainTitle(metric)))]);

/** A comma inside a title would be one too many in a list. */
const plainTitle = (metric: string): string =>
  (metricOf(metric)?.title ?? metric).replace(', ', ' ');

/** 'clients=500 and 2000' where one parameter is swept. */
function pointList(run: RunResult, points: readonly Point[]): string {
  const names = new Set(points.flatMap((point) => Object.keys(point)));
  const [name, second] = names;
  return name === undefined || second !== undefined
    ? list(points.map((point) => pointText(run.scenario, point)))
    : `${name}=${list(points.map((point) => paramText(run.scenario, name, point[name] ?? '')))}`;
}

function list(parts: readonly string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

function isInside({ low, high }: RunComparison, margin: number): boolean {
  return low !== undefined && high !== undefined && high <= 1 + margin && low >= 1 / (1 + margin);
}
