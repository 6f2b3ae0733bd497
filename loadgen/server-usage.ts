/**
 * What the processes of a server used since a moment, those too that came or went meanwhile: one that came
 * counts from nothing, of one that went the last that was seen of it.
 */
import type { ProcessReading } from './procfs.ts';
import { readProcess } from './procfs.ts';

export const NOTHING: ProcessReading = {
  cpuNs: 0,
  userNs: 0,
  mainCpuNs: 0,
  mainWaitNs: 0,
  helperWaitNs: 0,
  contextSwitches: 0,
  rssBytes: 0,
};

/** Of the CPU time of all of them, what one has to use to be in the way of others. */
const LEAST_SHARE = 0.05;

export interface ServerUsage {
  /** To be called now and then, since nothing can be read of a process that has gone. */
  look(): void;
  /** All of them together, at the start and now; undefined where one of them could not be read. */
  read():
    | {
        readonly before: ProcessReading;
        readonly after: ProcessReading;
        /** How many of them did a part of the work that counts: a shell that waits for its command does none. */
        readonly working: number;
        /** Of main threads the most CPU time, and the most of that and of waiting for a core together, ns. */
        readonly busiest: { readonly ranNs: number; readonly runnableNs: number };
      }
    | undefined;
}

/** @param pids those that serve at the time */
export function watchServers(
  pids: () => readonly number[],
  readOne: (pid: number) => ProcessReading | undefined = readProcess,
): ServerUsage {
  const first = new Map<number, ProcessReading>();
  const last = new Map<number, ProcessReading>();
  let isComplete = true;
  const look = (isStart: boolean): void => {
    for (const pid of pids()) {
      const reading = readOne(pid);
      if (reading !== undefined) {
        if (!first.has(pid)) first.set(pid, isStart ? reading : NOTHING);
        last.set(pid, reading);
      } else if (!last.has(pid)) isComplete = false;
    }
  };
  look(true);
  return {
    look: () => look(false),
    read() {
      look(false);
      // Of somebody else's server perhaps nobody knows a process.
      if (!isComplete || last.size === 0) return undefined;
      const serving = pids();
      const after = [...last].map(([pid, reading]) =>
        // What it held is free again.
        serving.includes(pid) ? reading : { ...reading, rssBytes: 0 },
      );
      const [atFirst, atLast] = [addUp([...first.values()]), addUp(after)];
      const since = (pick: (reading: ProcessReading) => number): number[] =>
        [...last].map(([pid, reading]) => pick(reading) - pick(first.get(pid) ?? NOTHING));
      const least = LEAST_SHARE * (atLast.cpuNs - atFirst.cpuNs);
      const working = since(({ cpuNs }) => cpuNs).filter((usedNs) => usedNs > least).length;
      const busiest = {
        ranNs: Math.max(...since(({ mainCpuNs }) => mainCpuNs)),
        runnableNs: Math.max(...since(({ mainCpuNs, mainWaitNs }) => mainCpuNs + mainWaitNs)),
      };
      return { before: atFirst, after: atLast, working, busiest };
    },
  };
}

function addUp(readings: readonly ProcessReading[]): ProcessReading {
  const sum = (pick: (reading: ProcessReading) => number): number =>
    readings.reduce((total, reading) => total + pick(reading), 0);
  return {
    cpuNs: sum(({ cpuNs }) => cpuNs),
    userNs: sum(({ userNs }) => userNs),
    mainCpuNs: sum(({ mainCpuNs }) => mainCpuNs),
    mainWaitNs: sum(({ mainWaitNs }) => mainWaitNs),
    helperWaitNs: sum(({ helperWaitNs }) => helperWaitNs),
    contextSwitches: sum(({ contextSwitches }) => contextSwitches),
    rssBytes: sum(({ rssBytes }) => rssBytes),
  };
}
