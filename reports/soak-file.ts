/**
 * `soak.jsonl`, beside the run file: one line per look at a long load, written the moment it is made. What
 * a run that was killed had not yet put into its run file is found here.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';
import type { Snapshot } from '../core/records/soak.ts';
import { snapshotSchema } from '../core/records/soak.ts';
import type { RunResult, Trial } from '../core/result.ts';
import { pointName } from '../core/result.ts';

export const SOAK_FILE = 'soak.jsonl';

/** @throws HarnessError `run-file-not-written`; the lines before stay */
export function appendSnapshot(folder: string, snapshot: Snapshot): void {
  const path = join(folder, SOAK_FILE);
  try {
    appendFileSync(path, `${JSON.stringify(snapshot)}\n`);
  } catch (error) {
    throw fault('run-file-not-written', { path, why: reasonOf(error) });
  }
}

/** Whether anything was looked at before the first trial came to its end. */
export const hasSnapshots = (folder: string): boolean => existsSync(join(folder, SOAK_FILE));

/** All whole lines: the last one may have been cut off by the kill, or by a full disk. */
export function readSnapshots(folder: string): Snapshot[] {
  let text: string;
  try {
    text = readFileSync(join(folder, SOAK_FILE), 'utf8');
  } catch {
    // Most runs look at nothing while they run, and have no such file.
    return [];
  }
  return text.split('\n').flatMap((line) => snapshotOf(line) ?? []);
}

function snapshotOf(line: string): Snapshot | undefined {
  try {
    return snapshotSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // No JSON: cut off in the middle.
    return undefined;
  }
}

/** Trials that were under way when the run was killed, as far as they had come. */
export function unfinishedTrials(run: RunResult, snapshots: readonly Snapshot[]): Trial[] {
  const known = new Set(run.trials.map(trialName));
  const groups = new Map<string, Snapshot[]>();
  for (const snapshot of snapshots) {
    const name = trialName(snapshot);
    if (known.has(name)) continue;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [snapshot]);
    else group.push(snapshot);
  }
  return [...groups.values()].flatMap((group) => unfinishedTrial(group) ?? []);
}

function trialName({
  arm,
  round,
  attempt,
  point,
}: Pick<Trial, 'arm' | 'round' | 'attempt' | 'point'>) {
  return `${arm} ${round} ${attempt} ${pointName(point)}`;
}

function unfinishedTrial(snapshots: readonly Snapshot[]): Trial | undefined {
  const [first, last] = [snapshots[0], snapshots.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const { arm, round, order, attempt, point, startedAt, intervalMs, ratePerS, clients } = first;
  const seconds = (last.sample.atMs / 1_000).toFixed(1);
  const says = `its run ended while it was under way; ${snapshots.length} looks over ${seconds} s are kept`;
  return {
    arm,
    round,
    order,
    attempt,
    point,
    startedAt,
    outcome: 'failed',
    says,
    validity: {
      state: 'invalid',
      checks: [
        {
          id: 'finished',
          title: 'trials cut off in the middle',
          unit: 'count',
          value: 1,
          limit: 0,
          ok: 'invalid',
          says,
        },
      ],
    },
    phases: [],
    timeline: [],
    closed: [],
    soak: { intervalMs, ratePerS, clients, samples: snapshots.map(({ sample }) => sample) },
    probes: {},
    metrics: {},
  };
}
