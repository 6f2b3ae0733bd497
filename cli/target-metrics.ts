/** Metrics that nobody can know of a server of somebody else's, and why: a gate on one would never have data. */
import type { LoadedTarget } from '../core/target.ts';
import { hasProcesses } from '../loadgen/target-fit.ts';

const OF_PROCESSES = /^(server\.|reconnect\.cpu$|soak\.(memory|descriptors))/;
/** What the kernel tells of processes and a metrics page does not. */
const NOT_ON_A_PAGE = /^(server\.(cpu\.user|switches|busy|memory)|reconnect\.cpu$|soak\.)/;
const OF_OURS =
  /^(drops\.|stale\.|block\.|heartbeat\.|restart\.|reconnect\.replayed$|soak\.heap|stall\.)/;

/** @returns why it is unknown, as the rest of a sentence; undefined where it can be measured */
export function whyUnknown(metric: string, target: LoadedTarget): string | undefined {
  if (OF_OURS.test(metric)) return 'only the built-in server tells';
  if (hasProcesses(target)) return undefined;
  if (target.cost !== undefined) {
    return NOT_ON_A_PAGE.test(metric)
      ? 'the metrics page of the server does not tell; add cost: { pid }'
      : undefined;
  }
  return OF_PROCESSES.test(metric)
    ? 'nothing says which processes are the server’s; add start or cost to the target file'
    : undefined;
}
