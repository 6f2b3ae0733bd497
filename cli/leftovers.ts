/**
 * What a run that was killed left behind, found at the next start: its run file, which still says `running`,
 * and temporary files. Its processes have ended by themselves, with their channels. A run that is still
 * under way, by another program, is left alone.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fault, HarnessError, reasonOf } from '../core/errors.ts';
import { isGone, ownerOf } from '../core/process-owner.ts';
import type { RunResult } from '../core/result.ts';
import { abandonedFolders } from '../core/temporary-folder.ts';
import { removeLeftovers } from '../loadgen/namespaces.ts';
import { endLeftGroup } from '../proxies/instance.ts';
import { RUN_FILE, readRunFile, writeRunFile } from '../reports/run-file.ts';
import { endStrays } from '../servers/target/strays.ts';

/** In the folder of a run that is under way; holds the name of its process. */
const MARK = 'running';

/**
 * @returns takes the mark away
 * @throws HarnessError `run-file-not-written`
 */
export function markRunning(folder: string): () => void {
  const mark = join(folder, MARK);
  const unmark = (): void => rmSync(mark, { force: true });
  try {
    writeFileSync(mark, ownerOf(process.pid));
  } catch (error) {
    // A full disk takes the name of a file and nothing that is in it.
    unmark();
    throw fault('run-file-not-written', { path: mark, why: reasonOf(error) });
  }
  return unmark;
}

/** @returns what was found, a sentence each */
export function clearLeftovers(out: string, temporary = tmpdir()): string[] {
  // In the others a proxy or a server may still run: whoever ends it takes the folder away.
  for (const folder of abandonedFolders(['tls', 'run', 'server'], temporary)) {
    rmSync(folder, { recursive: true, force: true });
  }
  return namesIn(out).flatMap((name) => {
    const folder = join(out, name);
    const mark = join(folder, MARK);
    if (!existsSync(mark) || !isGone(readFileSync(mark, 'utf8'))) return [];
    for (const one of namesIn(folder)) {
      if (one.endsWith('.draft')) rmSync(join(folder, one), { force: true });
    }
    const says = closeRun(folder);
    rmSync(mark, { force: true });
    return [says];
  });
}

/** The networks of killed runs. @returns what was found, a sentence each */
export async function clearNetworks(): Promise<string[]> {
  try {
    const { length } = await removeLeftovers();
    return length === 0 ? [] : [`Network namespaces of a killed run were removed: ${length}.`];
  } catch (error) {
    // Somebody else's, perhaps root's: they are in nobody's way.
    return [`Network namespaces of a killed run could not be removed: ${reasonOf(error)}`];
  }
}

/** Servers of somebody else that a killed run had started. @returns what was found, a sentence each */
export function clearTargets(): string[] {
  const count = endStrays();
  return count === 0 ? [] : [`Processes of a killed run's targets were ended: ${count}.`];
}

/** Proxies that a killed run had started, and their folders. @returns what was found, a sentence each */
export async function clearRoutes(temporary = tmpdir()): Promise<string[]> {
  let ended = 0;
  for (const folder of abandonedFolders(['route'], temporary)) {
    if (await endLeftGroup(folder)) ended += 1;
    rmSync(folder, { recursive: true, force: true });
  }
  return ended === 0 ? [] : [`Proxies of a killed run were ended: ${ended}.`];
}

/** Marks the run file of a run that was killed as aborted; what it had measured stays as it is. */
function closeRun(folder: string): string {
  const path = join(folder, RUN_FILE);
  const killed = 'An earlier run was killed before it could end';
  let run: RunResult;
  try {
    run = readRunFile(path);
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    return `${killed}; it had not measured anything yet: ${folder}`;
  }
  if (run.state === 'running') {
    run.state = 'aborted';
    run.warnings = [
      ...run.warnings,
      {
        code: 'killed',
        says: 'The program was killed in the middle of the run; what it had measured by then is all there is.',
        hint: 'Run it again for a verdict; the kernel log says whether memory had run out.',
      },
    ];
    writeRunFile(folder, run);
  }
  const { length } = run.trials;
  return `${killed}; its ${length} ${length === 1 ? 'trial is' : 'trials are'} kept, marked aborted: ${path}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Nothing has been put there yet.
    return [];
  }
}
