/** `compare A B [C …]`: runs against the first of them, in one table and one page; nothing is measured again. */
import { dirname, join, resolve } from 'node:path';
import { exitCodes, fault } from '../core/errors.ts';
import { renderComparisonPage } from '../reports/compare/page.ts';
import { compareRuns } from '../reports/compare/runs-comparison.ts';
import { renderComparisonTerminal } from '../reports/compare/terminal.ts';
import { readRunFile, writeNamed } from '../reports/run-file.ts';
import { findRun, folderName } from '../reports/run-lookup.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { openInBrowser } from './open-in-browser.ts';
import { refuseFile } from './output-place.ts';
import { defaultRuns } from './runs-folder.ts';

interface Flags {
  readonly runs: string;
  readonly out?: string;
  readonly anyway?: true;
  readonly all?: true;
  readonly json?: true;
  readonly open?: true;
}

export const compare: CommandFactory = (command, io, finish) => {
  command
    .argument('<runs...>', 'run ids, paths to a run folder or run.json, latest, latest~1')
    .option('--runs <dir>', 'folder in which run ids are looked up', defaultRuns())
    .option('--out <file>', 'where the page goes (default: beside the first run)')
    .option('--anyway', 'compare although the machines differ; every sentence will say so')
    .option('--all', 'every metric in the table, not only those that matter or changed')
    .option('--json', 'print the comparison as one JSON document and nothing else')
    .option('--open', 'open the page in the browser when done')
    .action((names: string[], flags: Flags) => {
      runCompare(names, flags, io);
      finish(exitCodes.passed);
    });
};

function runCompare(names: readonly string[], flags: Flags, io: Io): void {
  refuseFile('--out', flags.out);
  const paths = names.map((name) => findRun(resolve(flags.runs), name));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) {
    throw fault('runs-not-compared', {
      why: `${names.join(' and ')} name the run ${folderName(twice)} twice`,
      hint: "Name another one, such as latest~1; 'npm run view' lists them all.",
    });
  }
  const runs = paths.map(readRunFile);
  const comparison = compareRuns(runs, { anyway: flags.anyway === true });
  const page = resolve(flags.out ?? join(dirname(paths[0] ?? '.'), pageName(paths)));
  writeNamed(page, renderComparisonPage(runs, comparison));
  io.out(
    flags.json === true
      ? `${JSON.stringify(comparison)}\n`
      : renderComparisonTerminal(comparison, {
          page,
          color: io.color,
          all: flags.all === true,
        }),
  );
  if (flags.open === true) openInBrowser(page);
}

/** Beside the first run, so its own name need not be in it. */
function pageName([, ...others]: readonly string[]): string {
  return `compare-${others.map((path) => folderName(path).replace(/[^\w.-]+/g, '_')).join('-')}.html`;
}
