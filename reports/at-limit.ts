/**
 * What was at its limit in a trial: the server, the path, or the proxy on it. Where several were, the first of
 * these is named; the generator and the machine have checks of their own.
 */
import type { Stop } from '../core/records/search.ts';
import type { Trial } from '../core/result.ts';
import { formatBytes, formatPercent } from '../core/units.ts';
import { formatMetric } from './metric.ts';

/** From here on the server has no CPU left that would make a difference. */
const BUSY_CORE = 0.9;
const BUSY_LOOP = 0.95;
/** Waiting for its core longer than this, of its CPU time, the server had that core not to itself. */
const LONG_WAIT = 0.15;
/** Of what a path carries, from where on a queue in front of it is to be expected. */
const NARROW = 0.9;

export interface AtLimit {
  readonly cause: Extract<Stop['cause'], 'server' | 'network' | 'proxy' | 'objective'>;
  /** Goes on from a clause on what was missed; left out where there is nothing to say. */
  readonly says: string | undefined;
}

export function whatWasAtLimit(trial: Trial): AtLimit {
  if (isSaturated(trial)) return { cause: 'server', says: busyServerText(trial) };
  if (isPathFull(trial)) {
    const carried = carriedPerConnection(trial) ?? 0;
    const most = trial.probes['routeBytesPerS'] ?? 0;
    const says = `and each connection carried ${formatBytes(carried)}/s of the ${formatBytes(most)}/s that the relay lets through`;
    return { cause: 'network', says };
  }
  if (isProxyBusy(trial)) {
    const busy = formatPercent(Math.min(1, trial.probes['proxyBusyShare'] ?? 1));
    return {
      cause: 'proxy',
      says: `and the proxy was busy: ${busy} of the time it ran or waited for a core`,
    };
  }
  return { cause: 'objective', says: idleText(trial) };
}

/** Of several processes, or of somebody else's server, the share of all that they could have used. */
const serverShare = ({ probes, metrics }: Trial): number | undefined =>
  probes['serverBusyShare'] ?? metrics['server.busy'];

/** A loop that is kept from its core looks as busy as one that works; of several on a core only CPU tells. */
export function isSaturated(trial: Trial): boolean {
  const { probes } = trial;
  return (
    (serverShare(trial) ?? 0) >= BUSY_CORE ||
    ((probes['serverUtilization'] ?? 0) >= BUSY_LOOP && !isStarved(trial) && !isCrowded(trial))
  );
}

/** Whether something else ran on the server's core. Processes of it that share one wait for each other. */
export function isStarved(trial: Trial): boolean {
  const { serverMainWaitNs = 0, serverMainCpuNs = 0 } = trial.probes;
  return !isCrowded(trial) && serverMainWaitNs > LONG_WAIT * serverMainCpuNs;
}

const isCrowded = ({ probes }: Trial): boolean => (probes['serversPerCore'] ?? 1) > 1;

export const isProxyBusy = ({ probes }: Trial): boolean =>
  (probes['proxyBusyShare'] ?? 0) >= BUSY_CORE;

/** Whether a path of which it is known how much it carries carried that much. */
export function isPathFull(trial: Trial): boolean {
  const most = trial.probes['routeBytesPerS'];
  return most !== undefined && (carriedPerConnection(trial) ?? 0) >= NARROW * most;
}

/** Bytes/s that came to a client, up to the last of them; what a library hides is what the server wrote. */
function carriedPerConnection({ probes }: Trial): number | undefined {
  const { wireBytes, serverBytesOut, durationNs, clients, failedConnects = 0 } = probes;
  const bytes = wireBytes ?? serverBytesOut;
  if (bytes === undefined || !durationNs || clients === undefined) return undefined;
  const connections = clients - failedConnects;
  return connections > 0 ? bytes / (durationNs / 1e9) / connections : undefined;
}

function busyServerText(trial: Trial): string | undefined {
  const share = serverShare(trial);
  const loop = trial.probes['serverUtilization'];
  if (share !== undefined && share >= BUSY_CORE) {
    const busy = formatMetric('core', Math.min(1, share));
    return trial.probes['serverBusyShare'] === undefined
      ? `and the server’s core was ${busy} busy`
      : `and the server had used ${busy} of the CPU that it can use`;
  }
  return loop === undefined
    ? undefined
    : `and the server’s event loop was ${formatPercent(loop)} busy`;
}

function idleText(trial: Trial): string | undefined {
  const { serverBusyShare, generatorUtilization: generator } = trial.probes;
  const share = serverShare(trial);
  if (share === undefined || generator === undefined) return undefined;
  const of = serverBusyShare === undefined ? 'of a core' : 'of the CPU that it can use';
  return `while neither side had run out of CPU (server ${formatPercent(share)} ${of}, generator’s event loop ${formatPercent(generator)})`;
}
