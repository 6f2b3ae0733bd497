/**
 * `doctor --target FILE`: goes through a target file step by step, with the processes that a trial has, and
 * says of each step whether it works, and if not, what came instead and what to change.
 */
import { exitCodes, fault, HarnessError } from '../core/errors.ts';
import type { Arm } from '../core/result.ts';
import { createSupervisor } from '../loadgen/child-process.ts';
import { planCores } from '../loadgen/pinning.ts';
import type { Tryout } from '../loadgen/target-tryout.ts';
import { tryTarget } from '../loadgen/target-tryout.ts';
import { describedBy } from './arms.ts';
import type { Checked } from './doctor-words.ts';
import { acrossTransports, describeTryout } from './doctor-words.ts';
import type { Io } from './io.ts';
import { clearTargets } from './leftovers.ts';
import { buildTargets } from './target-build.ts';
import type { FileChoice, TargetPlaces } from './target-file.ts';
import { BUILT_IN, loadTarget } from './target-file.ts';
import { publishWay } from './target-record.ts';

export interface TargetDiagnosis {
  readonly target: string;
  readonly file: string;
  readonly steps: readonly Checked[];
  readonly ok: boolean;
}

/**
 * @returns the exit code: 0 where everything works, 2 where something of the target does not
 * @throws HarnessError for a file that cannot be used
 */
export async function examineTarget(
  name: string,
  places: TargetPlaces,
  { json }: { readonly json: boolean },
  io: Io,
): Promise<number> {
  if (name === BUILT_IN) {
    throw fault('bad-value', {
      flag: '--target',
      problem: 'built-in is our own server, which needs no file to be examined',
    });
  }
  const choice = await loadTarget(name, places);
  const { target } = choice;
  const steps: Checked[] = [];
  // Each as it is known: a server may take its time.
  const tell = (step: Checked): void => {
    steps.push(step);
    if (!json) io.out(lineOf(step, io.color));
  };
  if (!json) io.out(`${choice.title}  (${target.file})\n`);
  tell({
    step: 'file',
    ok: true,
    found: `${describedBy(choice).join(' and ')}, published by ${publishWay(target)}`,
  });
  for (const says of clearTargets()) io.err(`${says}\n`);
  if (await builds(choice, tell, io)) await tryAll(choice, tell, io);
  refuseInterrupted(io);
  const ok = steps.every((step) => step.ok);
  if (json) {
    const diagnosis: TargetDiagnosis = { target: choice.name, file: target.file, steps, ok };
    io.out(`${JSON.stringify(diagnosis)}\n`);
  } else {
    io.out(
      ok
        ? `\nIt can be measured: npm run bench broadcast -- --target ${name}\n`
        : '\nIt cannot be measured yet: see ✗.\n',
    );
  }
  return ok ? exitCodes.passed : exitCodes.impossibleRequest;
}

async function builds(choice: FileChoice, tell: (step: Checked) => void, io: Io): Promise<boolean> {
  if (choice.target.build === undefined) return true;
  const before = performance.now();
  try {
    await buildTargets([choice], io);
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== 'target-not-built') throw error;
    tell({ step: 'build', ok: false, found: error.message, fix: error.hint });
    return false;
  }
  const seconds = ((performance.now() - before) / 1_000).toFixed(1);
  tell({ step: 'build', ok: true, found: `done in ${seconds} s` });
  return true;
}

async function tryAll(choice: FileChoice, tell: (step: Checked) => void, io: Io): Promise<void> {
  const { target } = choice;
  const cores = planCores();
  const supervisor = createSupervisor();
  const stop = (): void => supervisor.killAll();
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    const tryouts: Tryout[] = [];
    for (const transport of describedBy(choice) as Arm['transport'][]) {
      refuseInterrupted(io);
      const tryout = await tryTarget(transport, target, cores, supervisor);
      refuseInterrupted(io);
      tryouts.push(tryout);
      for (const step of describeTryout(tryout, target)) tell(step);
    }
    for (const step of acrossTransports(tryouts)) tell(step);
  } finally {
    io.signal.removeEventListener('abort', stop);
    supervisor.close();
  }
}

function refuseInterrupted({ signal }: Io): void {
  if (signal.aborted) throw fault('interrupted', { kept: undefined });
}

function lineOf({ step, ok, found, fix }: Checked, color: boolean): string {
  const paint = (code: number, text: string): string =>
    color ? `\u001b[${code}m${text}\u001b[0m` : text;
  const mark = ok ? paint(32, '✓') : paint(31, '✗');
  const indent = ' '.repeat(STEP_WIDTH + 4);
  const lines = (text: string): string => text.split('\n').join(`\n${indent}`);
  const advice = fix === undefined ? '' : `\n${indent}→ ${lines(fix)}`;
  return `${mark} ${step.padEnd(STEP_WIDTH)}  ${lines(found)}${advice}\n`;
}

const STEP_WIDTH = 15;
