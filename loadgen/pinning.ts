/** Which cores the server and the generator run on, so that neither takes time from the other. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface CorePlan {
  /** Empty lists when nothing is pinned. */
  readonly server: readonly number[];
  readonly generator: readonly number[];
  /** Why nothing is pinned; undefined when it is. */
  readonly unpinned: string | undefined;
}

export function planCores(): CorePlan {
  const cores = allowedCores();
  const none = (unpinned: string): CorePlan => ({ server: [], generator: [], unpinned });
  if (cores.length < 2) return none('there is one core only');
  if (spawnSync('taskset', ['--version']).status !== 0) {
    return none('taskset is not installed (Debian: apt install util-linux)');
  }
  return { ...splitCores(cores), unpinned: undefined };
}

/** The server gets the first half; an odd core goes to the generator, which must not be the limit. */
export function splitCores(cores: readonly number[]): Pick<CorePlan, 'server' | 'generator'> {
  const half = Math.floor(cores.length / 2);
  return { server: cores.slice(0, half), generator: cores.slice(half) };
}

function allowedCores(): number[] {
  try {
    const status = readFileSync('/proc/self/status', 'latin1');
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
    if (list !== undefined) return parseCoreList(list);
  } catch {
    // No /proc: the count will do, and pinning is unlikely to be there either.
  }
  return Array.from({ length: availableParallelism() }, (_, core) => core);
}

/** '0-2,5' → [0, 1, 2, 5] */
export function parseCoreList(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/**
 * Moves every thread of this process to `cores`.
 * @returns moves them back to where they were allowed to be
 */
export function pinSelf(cores: readonly number[]): () => void {
  if (cores.length === 0) return () => undefined;
  const before = allowedCores();
  const move = (to: readonly number[]): void =>
    void spawnSync('taskset', ['-acp', to.join(','), String(process.pid)]);
  move(cores);
  return () => move(before);
}
