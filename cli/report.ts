/**
 * `report <run>`: the report of a run made anew from its files, also of one that was killed in the middle.
 * Nothing is measured again, and the run file stays as it is.
 */
import { dirname, join, resolve } from 'node:path';
import { exitCodes } from '../core/errors.ts';
import type { RunResult } from '../core/result.ts';
import { compareArms } from '../reports/compare-arms.ts';
import { deriveMetrics } from '../reports/derive.ts';
import { renderHtml } from '../reports/formats/html.ts';
import { renderTerminal } from '../reports/formats/terminal.ts';
import { readRunFile, writeNamed } from '../reports/run-file.ts';
import { findRun } from '../reports/run-lookup.ts';
import { readSnapshots, unfinishedTrials } from '../reports/soak-file.ts';
import { findStudy, readStudyFile } from '../reports/study/study-file.ts';
import { findWarnings } from '../reports/warnings.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { openInBrowser } from './open-in-browser.ts';
import { refuseFile } from './output-place.ts';
import { defaultRuns } from './runs-folder.ts';
import { showStudy } from './study-session.ts';

interface Flags {
  readonly runs: string;
  readonly out?: string;
  readonly json?: true;
  readonly open?: true;
}

export const report: CommandFactory = (command, io, finish) => {
  command
    .argument('<run>', 'a run id, a path to a run folder or run.json, latest, latest~1')
    .option('--runs <dir>', 'folder in which run ids are looked up', defaultRuns())
    .option('--out <file>', 'where the report goes (default: report.html beside the run file)')
    .option('--json', 'print the run, with what a killed one left behind, and nothing else')
    .option('--open', 'open the report in the browser when done')
    .action((name: string, flags: Flags) => {
      runReport(name, flags, io);
      finish(exitCodes.passed);
    });
};

function runReport(name: string, flags: Flags, io: Io): void {
  refuseFile('--out', flags.out);
  const study = findStudy(resolve(flags.runs), name);
  if (study !== undefined) {
    const { json = false, open = false, out } = flags;
    const page = resolve(out ?? join(dirname(study), 'report.html'));
    showStudy(readStudyFile(study), study, page, { json, open }, io);
    return;
  }
  const runFile = findRun(resolve(flags.runs), name);
  const kept = readRunFile(runFile);
  const run = kept.state === 'finished' ? kept : withRemains(kept, dirname(runFile));
  const page = resolve(flags.out ?? join(dirname(runFile), 'report.html'));
  writeNamed(page, renderHtml(run));
  if (run.state !== 'finished') io.err(`${unfinishedText(run)}\n`);
  io.out(
    flags.json === true
      ? `${JSON.stringify(run)}\n`
      : renderTerminal(run, { runFile, report: page, color: io.color, columns: io.columns }),
  );
  if (flags.open === true) openInBrowser(page);
}

/** With the trial that was under way, as far as it had come, and what only the end of a run would have added. */
function withRemains(kept: RunResult, folder: string): RunResult {
  const cutOff = unfinishedTrials(kept, readSnapshots(folder));
  for (const trial of cutOff) trial.metrics = deriveMetrics(trial);
  const run = { ...kept, trials: [...kept.trials, ...cutOff] };
  run.comparisons = compareArms(run);
  const found = findWarnings(run);
  // What somebody else noted about how it ended stays.
  const others = kept.warnings.filter(({ code }) => !found.some((one) => one.code === code));
  run.warnings = [...others, ...found];
  return run;
}

function unfinishedText({ state, trials }: RunResult): string {
  const whole = trials.filter(({ outcome }) => outcome === 'completed').length;
  const why =
    state === 'aborted'
      ? 'it was stopped, or killed'
      : 'its process was killed, or it is still going on';
  return `This run is not finished: ${why}. The report is of ${whole} whole ${whole === 1 ? 'trial' : 'trials'} and ${trials.length - whole} that failed or were cut off.`;
}
