/** What the samples of POSTs say together: races that were lost are counted over all repeats. */
import { formatNumber, formatPercent } from '../../../core/units.ts';
import { commonest, countText, msText, typical } from '../figures.ts';
import type { About, Found, Measure } from '../measure.ts';
import { NEW_CONNECTION, SENT_AGAIN, toldText } from './forced-loss.ts';
import { REACH_MS, ruleOfThreePer1000, signedStep } from './race.ts';

/** Begins the names of the figures that count what clients were told of lost POSTs. */
export const TOLD = 'told.';
/** More than this is felt, ms. */
const SLOW_MS = 20;
const LATE_MS = 150;
/** So many POSTs that were sent too late to count tell of a busy machine. */
const LATE_SHARE = 0.1;

export function judgePosts(
  found: readonly Found[],
  { transport, route }: About,
): ReturnType<Measure['judge']> {
  if (transport === 'ws') {
    return {
      text: '–',
      grade: 'plain',
      says: 'Clients of WebSocket send on the connection that they have: there are no POSTs.',
    };
  }
  const isDirect = route === 'direct';
  const added = typical(found, 'addedMs') ?? 0;
  const connections = typical(found, 'connections') ?? 0;
  const posts = typical(found, 'posts') ?? 0;
  const race = raceOf(found);
  const isKept = connections < posts;
  const time = isDirect
    ? msText(typical(found, 'postMs') ?? 0)
    : `${added < 0 ? '' : '+'}${msText(added)}`;
  const spread = `half of them between ${msText(typical(found, 'addedLowMs') ?? 0)} and ${msText(typical(found, 'addedHighMs') ?? 0)} later`;
  const takes = isDirect
    ? `A POST is answered after ${time}`
    : `A POST is answered ${msText(Math.abs(added))} ${added < 0 ? 'sooner' : 'later'} than directly (${spread})`;
  const reuse = `${posts} of them on one connection of the client took ${countText(connections)} to the server.`;
  const exposed = isKept && reachesClient(found);
  return {
    text: `${time}, ${isKept || race.lost > 0 ? `${race.short} lost` : 'none reused'}`,
    // How many are lost depends on the machine: whether the client is told of any does not.
    grade: added > LATE_MS ? 'bad' : added > SLOW_MS || exposed || !isKept ? 'fair' : 'good',
    says: [
      `${takes}; ${reuse}`,
      lossText(found),
      ...(isKept || race.lost > 0 ? [race.says] : []),
      ...(exposed && !isDirect
        ? ['Let the server keep idle connections for longer than the proxy does.']
        : []),
    ].join(' '),
  };
}

/** What the client is told of a POST that has met the end of its connection, which was made certain. */
function lossText(found: readonly Found[]): string {
  const [fin = '', rst = ''] = [commonest(found, 'fin'), commonest(found, 'rst')];
  if (fin === NEW_CONNECTION && rst === NEW_CONNECTION) {
    return 'None is sent on a connection that was used before, so none can meet its end.';
  }
  const lost = 'Where the server ends a connection on which one is just sent';
  return fin === rst
    ? `${lost}, ${toldOf(fin)}.`
    : `${lost}, ${toldOf(fin)}; where it resets it, ${toldOf(rst)}.`;
}

function toldOf(told: string): string {
  switch (told) {
    case NEW_CONNECTION:
      return 'another connection was taken before';
    case SENT_AGAIN:
      return 'the proxy sends it again and the client knows nothing of it';
    case 'hung up':
      return 'the client is hung up on without an answer';
    case 'silence':
      return 'the client is told nothing';
    default:
      return `the client is told ${told}`;
  }
}

function reachesClient(found: readonly Found[]): boolean {
  return ['fin', 'rst'].some((how) =>
    (commonest(found, how) ?? '')
      .split(', ')
      .some((word) => !word.startsWith(NEW_CONNECTION) && !word.startsWith(SENT_AGAIN)),
  );
}

interface Race {
  readonly lost: number;
  readonly short: string;
  readonly says: string;
}

function raceOf(found: readonly Found[]): Race {
  const total = (figure: string): number =>
    found.reduce((sum, { figures }) => sum + (figures[figure] ?? 0), 0);
  const [attempts, lost] = [total('attempts'), total('lost')];
  const per1000 = attempts === 0 ? 0 : (1_000 * lost) / attempts;
  const most = formatNumber(ruleOfThreePer1000(attempts));
  const of = `Of ${countText(attempts)} sent within ${REACH_MS} ms of such an end`;
  const all = (figure: string): number[] => found.flatMap(({ figures }) => figures[figure] ?? []);
  const [from, to] = [Math.min(...all('lostFromMs')), Math.max(...all('lostToMs'))];
  const where =
    from === to
      ? `at ${signedStep(from)} ms`
      : `from ${signedStep(from)} ms to ${signedStep(to)} ms`;
  const says =
    lost === 0
      ? `${of}, none was lost: fewer than ${most} in 1,000 are, with 95 % certainty if each is on its own.`
      : `${of}, ${countText(lost)} ${lost === 1 ? 'was' : 'were'} lost, ${formatNumber(per1000)} in 1,000 (${toldText(toldIn(found))}, ${where}).`;
  return {
    lost,
    short: lost === 0 ? `< ${most} ‰` : `${formatNumber(per1000)} ‰`,
    says: `${says}${missText(found)}${lateText(total('late'), attempts)}`,
  };
}

/** Over all repeats: in a real race it is not always the same. */
function toldIn(found: readonly Found[]): ReadonlyMap<string, number> {
  const told = new Map<string, number>();
  for (const [name, count] of found.flatMap(({ figures }) => Object.entries(figures))) {
    if (!name.startsWith(TOLD)) continue;
    const word = name.slice(TOLD.length);
    told.set(word, (told.get(word) ?? 0) + count);
  }
  return told;
}

/** A sweep that does not go from idle connections to new ones has not been where races are lost. */
function missText(found: readonly Found[]): string {
  const before = typical(found, 'idleBefore');
  const after = typical(found, 'idleAfter');
  if (before !== undefined && before < 0.5) {
    return ` Only ${formatPercent(before)} of those before it came on a connection that had been idle, so fewer than that could be lost.`;
  }
  if (after !== undefined && after > 0.5) {
    return ` ${formatPercent(after)} of those after it still came on a connection that had been idle: the server closed later than it was looked for.`;
  }
  return '';
}

/** What is sent late finds another race than the one that was looked for. */
function lateText(late: number, attempts: number): string {
  const share = late / (late + attempts);
  return share > LATE_SHARE
    ? ` The machine was busy: ${formatPercent(share)} of all were sent too late to count, and a busy server closes late, so more are lost than elsewhere.`
    : '';
}
