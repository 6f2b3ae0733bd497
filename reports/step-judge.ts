/**
 * Whether one step of a search passed, by its trial: the objective was met and the trial is valid. Where
 * not, what the reason is, and whose. The generator's limit is never taken for the server's.
 */
import type { Assertion, Broken } from '../core/objective.ts';
import { brokenOf } from '../core/objective.ts';
import type { Stop } from '../core/records/search.ts';
import type { Check, Trial } from '../core/result.ts';
import { formatNumber, formatPercent } from '../core/units.ts';
import { valueText } from './figure-text.ts';
import { formatMetric } from './metric.ts';
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

/** From here on the server has no CPU left that would make a difference. */
const BUSY_CORE = 0.9;
const BUSY_LOOP = 0.95;
/** Waiting for its core longer than this, of its CPU time, the server had that core not to itself. */
const LONG_WAIT = 0.15;
const NO_FILES = /EMFILE|ENFILE/;

/** @param trial with its metrics */
export function judgeStep(trial: Trial, objective: readonly Assertion[]): Judgement {
  if (trial.outcome === 'failed') return judgeFailed(trial);
  const invalid = trial.validity.checks.filter(({ ok }) => ok === 'invalid');
  const [broken] = brokenOf(objective, trial.arm, trial.metrics);
  const ofGenerator = invalid.filter(({ id }) => OF_GENERATOR.has(id));
  const [first] = ofGenerator;
  if (first !== undefined && !isForecastOnly(ofGenerator, broken, trial)) {
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
  const late = invalid.find(({ id }) => OF_SERVER.has(id));
  if (broken === undefined && late === undefined) return judgePass(others);
  const stop =
    broken === undefined && late !== undefined
      ? stopBy('server', late)
      : broken === undefined
        ? undefined
        : stopByObjective(trial, broken);
  if (isSaturated(trial)) {
    // Its own threads queue behind each other then, which is what the pressure is.
    const again = others.find(({ id }) => id !== 'pressure');
    return { outcome: 'fail', stop, again: again && reasonOf(again) };
  }
  const [disturbance] = others;
  const again =
    disturbance !== undefined
      ? reasonOf(disturbance)
      : isStarved(trial)
        ? 'something else ran on the server’s core'
        : undefined;
  if (again === undefined) return { outcome: 'fail', stop, again };
  // It may be the machine alone that made it slow.
  return { outcome: 'limited', stop: { cause: 'machine', says: again }, again };
}

/**
 * The head-room is found before the trial, by a flood, and is a forecast. What happened goes before it: where
 * the generator's event loop kept within its limit, and either the objective was met, which a slow generator
 * can only make harder, or the server ran out of CPU.
 */
function isForecastOnly(
  ofGenerator: readonly Check[],
  broken: Broken | undefined,
  trial: Trial,
): boolean {
  return (
    ofGenerator.every(({ id }) => id === 'head-room') &&
    (broken === undefined || isSaturated(trial))
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

/** What disturbs a trial can only make it slower, so a pass that cannot be had in peace is a pass. */
function judgePass([disturbance]: readonly Check[]): Judgement {
  if (disturbance === undefined) return { outcome: 'pass', stop: undefined, again: undefined };
  const again = reasonOf(disturbance);
  return { outcome: 'pass', stop: { cause: 'machine', says: again }, again };
}

function judgeFailed({ says = 'the trial failed' }: Trial): Judgement {
  const limited = says.startsWith('generator worker');
  const cause = limited ? 'generator' : /could connect/.test(says) ? 'connections' : 'server';
  return { outcome: limited ? 'limited' : 'fail', stop: { cause, says }, again: says };
}

function judgeConnections(trial: Trial, check: Check): Judgement {
  const noFiles = trial.closed.find(({ cause }) => NO_FILES.test(cause));
  const noPorts = trial.closed.find(({ cause }) => cause.includes('EADDRNOTAVAIL'));
  if (noFiles !== undefined || noPorts !== undefined) {
    const cause = noFiles === undefined ? 'ports' : 'descriptors';
    const says = noFiles === undefined ? 'no local port was left' : 'no file could be opened';
    return { outcome: 'limited', stop: { cause, says }, again: undefined };
  }
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
  const busy = busyText(trial);
  return {
    cause: isSaturated(trial) ? 'server' : 'objective',
    metric,
    ...defined({ value, limit }),
    says: busy === undefined ? was : `${was}, ${busy}`,
  };
}

/** Of somebody else's server, which may use several, the share of all of them. */
const busyCore = ({ probes, metrics }: Trial): number | undefined =>
  probes['serverBusyShare'] ?? metrics['server.busy'];

/** A loop that is kept from its core looks as busy as one that works. */
function isSaturated(trial: Trial): boolean {
  return (
    (busyCore(trial) ?? 0) >= BUSY_CORE ||
    ((trial.probes['serverUtilization'] ?? 0) >= BUSY_LOOP && !isStarved(trial))
  );
}

function isStarved({ probes }: Trial): boolean {
  const { serverMainWaitNs = 0, serverMainCpuNs = 0 } = probes;
  return serverMainWaitNs > LONG_WAIT * serverMainCpuNs;
}

/** How busy the server was, and where it was not, the generator. */
function busyText(trial: Trial): string | undefined {
  const core = busyCore(trial);
  const loop = trial.probes['serverUtilization'];
  const generator = trial.probes['generatorUtilization'];
  if (core !== undefined && core >= BUSY_CORE) {
    return `and the server’s core was ${formatMetric('core', Math.min(1, core))} busy`;
  }
  if (loop !== undefined && loop >= BUSY_LOOP) {
    return `and the server’s event loop was ${formatPercent(loop)} busy`;
  }
  if (core === undefined || generator === undefined) return undefined;
  return `while neither side had run out of CPU (server ${formatPercent(core)} of a core, generator’s event loop ${formatPercent(generator)})`;
}
