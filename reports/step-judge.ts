/**
 * Whether one step of a search passed, by its trial: the objective was met, what was due kept coming at its rate,
 * and nothing speaks against the trial but what can only have made that harder. Where not, what the reason is,
 * and whose. The generator's limit is never taken for the server's.
 */
import type { Assertion, Broken } from '../core/objective.ts';
import { brokenOf } from '../core/objective.ts';
import type { Stop } from '../core/records/search.ts';
import type { Check, Trial } from '../core/result.ts';
import { formatNumber, formatPercent } from '../core/units.ts';
import { isPathFull, isProxyBusy, isSaturated, isStarved, whatWasAtLimit } from './at-limit.ts';
import { isBeyondDeadline } from './beyond-deadline.ts';
import { valueText } from './figure-text.ts';
import { isMetricId, metrics } from './metrics/registry.ts';

export interface Judgement {
  readonly outcome: 'pass' | 'fail' | 'limited';
  readonly stop: Stop | undefined;
  readonly again: string | undefined;
}

/** Checks that say that the generator could not follow. */
const OF_GENERATOR: ReadonlySet<string> = new Set(['generator-loop', 'head-room', 'send-lateness']);
/** Checks that say that fewer took part than should. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(['connects', 'connections-kept']);
/** The server publishes, so that it was not offered in time is the server's. */
const OF_SERVER: ReadonlySet<string> = new Set(['offered-rate']);

/**
 * Checks that say that something disturbed a trial in a way that can only make it slower, or seem so. Of one
 * with a fault of another kind, as in its clocks, nobody knows what its figures are worth.
 */
const ONLY_SLOWER: ReadonlySet<string> = new Set([
  'pressure',
  'server-queue',
  'generator-queue',
  'generator-gc',
]);
/** Those of them that a proxy brings about that is busy on the cores of both sides. */
const BY_PROXY: ReadonlySet<string> = new Set(['pressure', 'server-queue', 'generator-queue']);

/**
 * By how much more may be offered than is carried, as a share. A queue grows all through a step then, and ends
 * with it: a longer step would miss any objective. Finer than this noise cannot be told from it.
 */
const MOST_GROWTH = 0.02;
const NO_FILES = /EMFILE|ENFILE/;
const NO_PORTS = /EADDRNOTAVAIL/;

/** @param trial with its metrics */
export function judgeStep(trial: Trial, objective: readonly Assertion[]): Judgement {
  if (trial.outcome === 'failed') return judgeFailed(trial);
  const invalid = trial.validity.checks.filter(({ ok }) => ok === 'invalid');
  const missed = whatWasMissed(trial, objective, invalid);
  const ofGenerator = invalid.filter(({ id }) => OF_GENERATOR.has(id));
  const [first] = ofGenerator;
  if (first !== undefined && !isForecastOnly(ofGenerator, missed, trial)) {
    const { value, limit } = first;
    const says = generatorText(first);
    return {
      outcome: 'limited',
      stop: { cause: 'generator', ...defined({ value, limit }), says },
      again: undefined,
    };
  }
  const ofConnections = invalid.find(({ id }) => OF_CONNECTIONS.has(id));
  if (ofConnections !== undefined) return judgeConnections(trial, ofConnections);
  const others = invalid.filter(({ id }) => !OF_SERVER.has(id) && !OF_GENERATOR.has(id));
  if (missed === undefined) return judgePass(others);
  if (isSaturated(trial) || isPathFull(trial)) {
    // Of a busy server its own threads queue behind each other, which is what the pressure is; and a path that
    // is full is full whatever else runs.
    const again = others.find(({ id }) => id !== 'pressure');
    return { outcome: 'fail', stop: missed, again: again && reasonOf(again) };
  }
  const byProxy = isProxyBusy(trial);
  const disturbance = others.find(({ id }) => !byProxy || !BY_PROXY.has(id));
  const again =
    disturbance !== undefined
      ? reasonOf(disturbance)
      : isStarved(trial) && !byProxy
        ? 'something else ran on the server’s core'
        : undefined;
  if (again === undefined) return { outcome: 'fail', stop: missed, again };
  // It may be the machine alone that made it slow.
  return { outcome: 'limited', stop: { cause: 'machine', says: again }, again };
}

/** Undefined for a step that kept to its objective and up with its schedule. */
function whatWasMissed(
  trial: Trial,
  objective: readonly Assertion[],
  invalid: readonly Check[],
): Stop | undefined {
  const isBeyond = (metric: string): boolean => isBeyondDeadline(trial, metric);
  const [broken] = brokenOf(objective, trial.arm, trial.metrics, isBeyond);
  if (broken !== undefined) return stopByObjective(trial, broken);
  const late = invalid.find(({ id }) => OF_SERVER.has(id));
  if (late !== undefined) return stopBy('server', late);
  const growth = trial.probes['backlogGrowth'] ?? 0;
  return growth > MOST_GROWTH ? stopByBacklog(trial, growth) : undefined;
}

/**
 * The head-room is found before the trial, by a flood, and is a forecast. What happened goes before it: where
 * the generator's event loop kept within its limit, and either the objective was met, which a slow generator
 * can only make harder, or the server ran out of CPU.
 */
function isForecastOnly(
  ofGenerator: readonly Check[],
  missed: Stop | undefined,
  trial: Trial,
): boolean {
  return (
    ofGenerator.every(({ id }) => id === 'head-room') &&
    (missed === undefined || isSaturated(trial))
  );
}

function generatorText({ id, value, says, title }: Check): string {
  if (value !== undefined && id === 'head-room') {
    return `the generator can take only ${formatNumber(value)} times what it was offered`;
  }
  if (value !== undefined && id === 'generator-loop') {
    return `the generator’s event loop was ${formatPercent(value)} busy`;
  }
  return `${says} (${title})`;
}

/** What can only make a trial slower cannot have made it pass, so a pass that cannot be had in peace is one. */
function judgePass(disturbances: readonly Check[]): Judgement {
  const grave = disturbances.find(({ id }) => !ONLY_SLOWER.has(id));
  const disturbance = grave ?? disturbances[0];
  if (disturbance === undefined) return { outcome: 'pass', stop: undefined, again: undefined };
  const again = reasonOf(disturbance);
  const outcome = grave === undefined ? 'pass' : 'limited';
  return { outcome, stop: { cause: 'machine', says: again }, again };
}

function judgeFailed({ says = 'the trial failed' }: Trial): Judgement {
  const isConnecting = /could connect/.test(says);
  const ownLimit = isConnecting ? ownLimitOf([says]) : undefined;
  // It is the same the next time.
  if (ownLimit !== undefined) return { outcome: 'limited', stop: ownLimit, again: undefined };
  const limited = says.startsWith('generator worker');
  const cause = limited ? 'generator' : isConnecting ? 'connections' : 'server';
  return { outcome: limited ? 'limited' : 'fail', stop: { cause, says }, again: says };
}

/** What kept clients from connecting at the generator's own end, whatever the server would have said. */
function ownLimitOf(causes: readonly string[]): Stop | undefined {
  if (causes.some((cause) => NO_FILES.test(cause))) {
    return { cause: 'descriptors', says: 'no file could be opened' };
  }
  if (causes.some((cause) => NO_PORTS.test(cause))) {
    return { cause: 'ports', says: 'no local port was left' };
  }
  return undefined;
}

function judgeConnections(trial: Trial, check: Check): Judgement {
  const ownLimit = ownLimitOf(trial.closed.map(({ cause }) => cause));
  if (ownLimit !== undefined) return { outcome: 'limited', stop: ownLimit, again: undefined };
  const [first] = trial.closed;
  const says = `${check.value?.toLocaleString('en-US') ?? 'some'} ${check.title}${first === undefined ? '' : ` (${first.cause})`}`;
  return { outcome: 'fail', stop: { cause: 'connections', says }, again: undefined };
}

const reasonOf = ({ title, says }: Check): string => `${says} (${title})`;

function stopBy(cause: Stop['cause'], check: Check): Stop {
  const { value, limit } = check;
  return { cause, ...defined({ value, limit }), says: reasonOf(check) };
}

function defined(figures: Pick<Stop, 'value' | 'limit'>): { value?: number; limit?: number } {
  const { value, limit } = figures;
  return { ...(value === undefined ? {} : { value }), ...(limit === undefined ? {} : { limit }) };
}

function stopByObjective(trial: Trial, { assertion, value }: Broken): Stop {
  const { metric, limit } = assertion;
  const known = isMetricId(metric) ? metrics[metric] : undefined;
  const title = known?.title ?? metric;
  const was =
    value === undefined
      ? `${title} could not be measured`
      : `${title} was ${valueText(metric, value, trial.probes['deadlineUs'])}`;
  const { cause, says } = whatWasAtLimit(trial);
  return {
    cause,
    metric,
    ...defined({ value, limit }),
    says: says === undefined ? was : `${was}, ${says}`,
  };
}

function stopByBacklog(trial: Trial, growth: number): Stop {
  const { cause, says } = whatWasAtLimit(trial);
  const was = `it fell behind: messages came at only ${formatPercent(1 / (1 + growth))} of the rate at which they were due`;
  return {
    cause,
    value: growth,
    limit: MOST_GROWTH,
    says: says === undefined ? was : `${was}, ${says}`,
  };
}
