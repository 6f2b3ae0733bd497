/** `bench <scenario>`: runs it, keeps the run file up to date, and ends with the verdict and the report. */
import { dirname, join } from 'node:path';
import { exitCodes, reasonOf } from '../core/errors.ts';
import type { Params } from '../core/params.ts';
import type { RunResult } from '../core/result.ts';
import type { Scenario } from '../core/scenario.ts';
import { refOf } from '../core/scenario.ts';
import { renderHtml } from '../reports/formats/html.ts';
import { renderTerminal } from '../reports/formats/terminal.ts';
import { appendHistory, HISTORY_FILE } from '../reports/history.ts';
import { writeWhole } from '../reports/run-file.ts';
import { validityOf } from '../reports/summary.ts';
import { scenarios } from '../scenarios/registry.ts';
import { configured, loadConfig } from './config.ts';
import { addExportOption, exportRun, readExports } from './export.ts';
import type { Io } from './io.ts';
import type { CommandFactory, ListedCommand } from './listed-command.ts';
import { addListed } from './listed-command.ts';
import { openInBrowser } from './open-in-browser.ts';
import { addCommonOptions, addParams, givenValues, runParams, textOptions } from './options.ts';
import type { RequestFlags } from './request.ts';
import { defaultArms, quickRounds, readRequest } from './request.ts';
import { runDefaults } from './run-defaults.ts';
import { runRequest } from './run-request.ts';
import { defaultRuns } from './runs-folder.ts';
import { scenariosIn } from './scenario-file.ts';
import { shellWord } from './shell-word.ts';
import { loadTargets, placesOf } from './target-file.ts';

interface Flags {
  readonly quick?: true;
  readonly tls?: true;
  readonly json?: true;
  readonly open?: true;
  readonly fastTimers?: true;
  readonly export?: readonly string[];
}

type Asked = Flags & Pick<RequestFlags, 'targets'>;

/** They are listed beside the scenarios. */
export const studies: readonly ListedCommand[] = [
  {
    usage: 'proxies [options]',
    summary: 'what each proxy does to streams: delay, clumps, cuts, stalled readers, failures',
    load: async () => (await import('./bench-proxies.ts')).benchProxies,
  },
  {
    usage: 'keepalive [options]',
    summary: 'which heartbeat keeps streams through a proxy open, and what it costs',
    load: async () => (await import('./bench-keepalive.ts')).benchKeepalive,
  },
];

export const bench: CommandFactory = async (command, io, finish) => {
  const own = await scenariosIn('bench', io.args, process.cwd());
  for (const scenario of [...Object.values<Scenario>(scenarios), ...own]) {
    const one = command.createCommand(refOf(scenario)).description(scenario.question);
    command.addCommand(one);
    addParams(one, scenario.params, scenario.quick);
    const { params, quick, origins } = runDefaults(scenario, runParamsOf(scenario));
    addParams(one, params, { ...quick, rounds: quickRounds(scenario) }, origins);
    addCommonOptions(one, { arms: defaultArms(scenario), client: 'lean', out: defaultRuns() });
    addExportOption(one);
    one.action(async (flags: Flags) => {
      const names = [scenario.params, runParams, textOptions].flatMap((table) =>
        Object.keys(table),
      );
      const config = await loadConfig(process.cwd(), own);
      const given = { ...configured(config, scenario.name, names), ...givenValues(one, names) };
      const targets = await loadTargets(given['target'], placesOf(config));
      finish(await runBench(scenario, given, { ...flags, targets }, io));
    });
  }
  for (const study of studies) await addListed(command, study, io, finish);
};

/** The options of every scenario, with the defaults of this one. */
function runParamsOf({ rounds }: Scenario): Params {
  if (rounds === undefined) return runParams;
  return { ...runParams, rounds: { ...runParams.rounds, default: rounds } };
}

async function runBench(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: Asked,
  io: Io,
): Promise<number> {
  const exports = readExports(flags.export);
  const request = readRequest(scenario, given, {
    quick: flags.quick === true,
    tls: flags.tls === true,
    fastTimers: flags.fastTimers === true,
    ...(flags.targets === undefined ? {} : { targets: flags.targets }),
  });
  const options = { io, out: given['out'], command: commandLine(scenario, given, flags) };
  const { run, folder } = await runRequest(request, options);

  const report = join(folder, 'report.html');
  writeWhole(report, renderHtml(run));
  if (flags.json === true) io.out(`${JSON.stringify(run)}\n`);
  else
    io.out(
      renderTerminal(run, {
        runFile: join(folder, 'run.json'),
        report,
        color: io.color,
        columns: io.columns,
      }),
    );
  keepHistory(join(dirname(folder), HISTORY_FILE), run, io);
  await exportRun(run, exports, io);
  if (flags.open === true) openInBrowser(report);
  return exitCodeOf(run, io);
}

/** The command that runs this again, with everything that was given and nothing else. */
function commandLine(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: Flags,
): string {
  const options = Object.entries(given)
    .filter(([name]) => name !== 'out')
    .map(([name, value]) => `--${name} ${shellWord(value)}`);
  if (flags.quick === true) options.push('--quick');
  if (flags.tls === true) options.push('--tls');
  if (flags.fastTimers === true) options.push('--fast-timers');
  return [
    'npm run bench',
    shellWord(refOf(scenario)),
    ...(options.length > 0 ? ['--', ...options] : []),
  ].join(' ');
}

/** It is there to look back later: a run that could not be noted down is a run all the same. */
function keepHistory(path: string, run: RunResult, io: Io): void {
  try {
    appendHistory(path, run);
  } catch (error) {
    io.err(`The history was not kept: ${reasonOf(error)}\n`);
  }
}

/** It is said, since a program that calls this one sees nothing else. */
export function exitCodeOf(run: RunResult, io: Pick<Io, 'err'>): number {
  if (validityOf(run).state !== 'invalid') return exitCodes.passed;
  const completed = run.trials.some(({ outcome }) => outcome === 'completed');
  const code = completed ? exitCodes.invalid : exitCodes.machineCannot;
  const why = completed
    ? 'no valid trial is left of one of the arms, so nothing was found out about it'
    : 'no trial was completed';
  io.err(`Exit code ${code}: ${why}. The warnings of the report say what was in the way.\n`);
  return code;
}
