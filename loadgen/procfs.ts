/**
 * What the kernel says a process and the machine used, read from outside. Every reading is undefined
 * where there is no /proc (macOS): "not measured", which is never a pass.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { isOver, statFields, sumOver } from '../core/process-stat.ts';

export interface ProcessReading {
  /** CPU time of all threads, ns. */
  readonly cpuNs: number;
  /** The part of it spent in user space, ns; in steps of a clock tick (10 ms). */
  readonly userNs: number;
  readonly mainCpuNs: number;
  /** Time the main thread was runnable but not running, ns. */
  readonly mainWaitNs: number;
  /** Time the other threads were runnable but not running, ns. */
  readonly helperWaitNs: number;
  readonly contextSwitches: number;
  readonly rssBytes: number;
}

export interface MachineReading {
  /** Ticks of all CPUs. */
  readonly nonIdleTicks: number;
  readonly stealTicks: number;
  /** Time in which at least one task waited for a CPU, µs. */
  readonly pressureUs: number | undefined;
  readonly tcpMemoryBytes: number | undefined;
}

/** USER_HZ, which Linux fixes at 100 for everything it exports. */
const TICK_NS = 10_000_000;
const PAGE_BYTES = 4_096;

export function readProcess(pid: number): ProcessReading | undefined {
  try {
    let cpuNs = 0;
    let mainCpuNs = 0;
    let mainWaitNs = 0;
    let helperWaitNs = 0;
    let contextSwitches = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const [ran = 0, waited = 0] = readNumbers(`/proc/${pid}/task/${task}/schedstat`);
      cpuNs += ran;
      if (Number(task) === pid) {
        mainCpuNs = ran;
        mainWaitNs = waited;
      } else helperWaitNs += waited;
      const status = readFileSync(`/proc/${pid}/task/${task}/status`, 'latin1');
      for (const match of status.matchAll(/ctxt_switches:\s+(\d+)/g))
        contextSwitches += Number(match[1]);
    }
    const fields = statFields(pid);
    if (fields === undefined) return undefined;
    return {
      cpuNs,
      userNs: Number(fields[11]) * TICK_NS,
      mainCpuNs,
      mainWaitNs,
      helperWaitNs,
      contextSwitches,
      rssBytes: Number(fields[21]) * PAGE_BYTES,
    };
  } catch {
    // No /proc, or the process or one of its threads ended while it was read.
    return undefined;
  }
}

/** Whether a process is no more, or has ended and only nobody has asked yet how; where there is no /proc, it is. */
export function hasEnded(pid: number): boolean {
  const [state] = statFields(pid) ?? [];
  return state === undefined || isOver(state);
}

/** CPU time of all threads of all of them, ns; undefined where one cannot be read, or there is none. */
export function cpuOf(pids: readonly number[]): number | undefined {
  return sumOver(pids, (pid) => readProcess(pid)?.cpuNs);
}

/**
 * The resident set of a process, to the page: the figure in `stat` may be off by some dozen pages per core.
 * It takes a millisecond per 100 MiB and holds up what the process maps meanwhile: not for a loop.
 */
export function readResidentBytes(pid: number): number | undefined {
  return (
    scale(matchNumber(`/proc/${pid}/smaps_rollup`, /^Rss:\s+(\d+) kB/m), 1_024) ??
    readProcess(pid)?.rssBytes
  );
}

/** The resident sets of all of them; undefined as above. Pages that several share count in each. */
export const residentOf = (pids: readonly number[]): number | undefined =>
  sumOver(pids, readResidentBytes);

/** Files, sockets and pipes that a process has open. */
export function readDescriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // No /proc, or the process has ended.
    return undefined;
  }
}

export interface KernelMemory {
  /** Buffers of all TCP sockets of the machine. */
  readonly tcpBytes: number | undefined;
  /** All slabs: the sockets themselves, their inodes, entries of epoll sets; and every other cache. */
  readonly slabBytes: number | undefined;
}

/** Buffers of all TCP sockets of the machine. */
export function readSocketBytes(): number | undefined {
  return scale(matchNumber('/proc/net/sockstat', /^TCP:.* mem (\d+)/m), PAGE_BYTES);
}

export function readKernelMemory(): KernelMemory {
  return {
    tcpBytes: readSocketBytes(),
    slabBytes: scale(matchNumber('/proc/meminfo', /^Slab:\s+(\d+) kB/m), 1_024),
  };
}

export function readMachine(): MachineReading | undefined {
  try {
    const cpu = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? '';
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = cpu
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return {
      nonIdleTicks: user + nice + system + irq + softirq + steal,
      stealTicks: steal,
      pressureUs: matchNumber('/proc/pressure/cpu', /^some .*total=(\d+)/m),
      tcpMemoryBytes: scale(matchNumber('/proc/net/sockstat', /^TCP:.* mem (\d+)/m), PAGE_BYTES),
    };
  } catch {
    return undefined;
  }
}

function readNumbers(path: string): number[] {
  return readFileSync(path, 'latin1').trim().split(' ').map(Number);
}

/** The first group of `pattern` in the file, as a number; undefined where there is no such file or line. */
function matchNumber(path: string, pattern: RegExp): number | undefined {
  try {
    const match = pattern.exec(readFileSync(path, 'latin1'));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}

function scale(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}
