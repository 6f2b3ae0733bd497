/** What a process holds, asked from inside: memory, and what keeps its event loop alive. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface ProcessMemory {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  /** Timers, and everything else, that keep the process alive; what was unref'ed is in neither. */
  readonly timers: number;
  readonly handles: number;
}

/** The same of a server; of somebody else's only what can be seen from outside. */
export type ServerMemory = { readonly [Figure in keyof ProcessMemory]?: number | undefined };

/** Takes some hundred µs, and longer with thousands of sockets: for looks, not for loops. */
export function readProcessMemory(): ProcessMemory {
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((name) => name === 'Timeout' || name === 'Immediate').length;
  return {
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    externalBytes: external,
    timers,
    handles: resources.length - timers,
  };
}

/** A full garbage collection, now; not reachable from JavaScript unless asked for like this. */
export function forcedCollection(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
