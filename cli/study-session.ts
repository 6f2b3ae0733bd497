/**
 * Everything around a study: its folder and file, what is taken up again, progress with the time left, and
 * an end on every path. What is measured, and what is made of it, is handed in.
 */
import { join } from 'node:path';
import { fault } from '../core/errors.ts';
import type { Params } from '../core/params.ts';
import type { Cell, Study } from '../core/records/study.ts';
import { STUDY_SCHEMA } from '../core/records/study.ts';
import { formatDurationMs } from '../core/units.ts';
import type { Supervisor } from '../loadgen/child-process.ts';
import { describeEnvironment } from '../loadgen/environment.ts';
import { planCores } from '../loadgen/pinning.ts';
import { createRunFolder, writeNamed } from '../reports/run-file.ts';
import { findStudy, readStudyFile, writeStudyFile } from '../reports/study/study-file.ts';
import { renderStudyPage } from '../reports/study/study-page.ts';
import { renderStudyText } from '../reports/study/study-text.ts';
import type { Io } from './io.ts';
import { clearRoutes } from './leftovers.ts';
import { openInBrowser } from './open-in-browser.ts';
import type { RouteChoice } from './route-options.ts';
import { readyRoutes } from './route-ready.ts';
import { idOf, runsFolder } from './runs-folder.ts';
import { shellWord } from './shell-word.ts';
import { withSupervisor } from './supervised.ts';
import { measuredPackages, toolCommit, toolVersion } from './tool.ts';

export interface StudyAsked {
  readonly study: Study['study'];
  /** Options as they were given, without those that say where to and how to show it. */
  readonly given: Readonly<Record<string, string>>;
  readonly routes: readonly RouteChoice[];
  readonly skipped: Study['skipped'];
  readonly measures: Study['measures'];
  readonly transports: Study['transports'];
  readonly repeats: number;
}

export interface StudyOutput {
  readonly out: string | undefined;
  readonly json: boolean;
  readonly open: boolean;
  /** A study that is taken up again, as it was found. */
  readonly resumed: ResumedStudy | undefined;
}

export interface ResumedStudy {
  readonly path: string;
  readonly study: Study;
}

/**
 * The study that `name` means.
 * @throws HarnessError where there is none, it is of another kind, or options are given beside it
 */
export function resumeStudy(
  kind: Study['study'],
  name: string,
  out: string | undefined,
  given: Readonly<Record<string, string>>,
): ResumedStudy {
  const [other] = Object.keys(given);
  if (other !== undefined) {
    throw fault('bad-value', {
      flag: `--${other}`,
      problem: 'a study that is taken up again goes on with the options that it was begun with',
    });
  }
  const folder = runsFolder(out);
  const path = findStudy(folder, name);
  if (path === undefined) throw fault('no-such-run', { name, folder, latest: [], count: 0 });
  const study = readStudyFile(path);
  if (study.study !== kind) {
    throw fault('bad-value', {
      flag: '--resume',
      problem: `${study.id} is a study of ${study.study}; take it up with bench ${study.study}`,
    });
  }
  return { path, study };
}

/** @param act measures, and calls `save` whenever there is something new in the study */
export async function studySession(
  asked: StudyAsked,
  output: StudyOutput,
  io: Io,
  act: (study: Study, supervisor: Supervisor, save: () => void) => Promise<void>,
): Promise<Study> {
  for (const says of await clearRoutes()) io.err(`${says}\n`);
  const { versions, records } = await readyRoutes(asked.routes, false);
  const fresh = newStudy(asked, [...records], versions);
  const study = output.resumed?.study ?? fresh;
  if (output.resumed !== undefined) refuseChanged(study, fresh);
  study.state = 'running';
  const folder =
    output.resumed === undefined
      ? createRunFolder(runsFolder(output.out), study.id)
      : join(output.resumed.path, '..');
  for (const { what, says } of study.skipped) io.err(`skipped: ${what}: ${says}\n`);
  const save = (): void => void writeStudyFile(folder, study);
  await withSupervisor(io, async (supervisor) => {
    try {
      save();
      await act(study, supervisor, save);
      if (!io.signal.aborted) study.state = 'finished';
    } finally {
      if (study.state === 'running') study.state = 'aborted';
      study.finishedAt = new Date().toISOString();
      save();
    }
  });
  const file = join(folder, 'study.json');
  if (io.signal.aborted) {
    throw fault('interrupted', { kept: study.cells.length === 0 ? undefined : file });
  }
  showStudy(study, file, join(folder, 'report.html'), output, io);
  return study;
}

/** Writes the page, and prints the study. */
export function showStudy(
  study: Study,
  file: string,
  report: string,
  { json, open }: Pick<StudyOutput, 'json' | 'open'>,
  io: Io,
): void {
  writeNamed(report, renderStudyPage(study));
  io.out(json ? `${JSON.stringify(study)}\n` : renderStudyText(study, { file, report }));
  if (open) openInBrowser(report);
}

export function cellOf(study: Study, of: Pick<Cell, 'measure' | 'route' | 'transport'>): Cell {
  const found = study.cells.find(
    (one) => one.measure === of.measure && one.route === of.route && one.transport === of.transport,
  );
  if (found !== undefined) return found;
  const { measure, route, transport } = of;
  const cell: Cell = { measure, route, transport, samples: [] };
  study.cells.push(cell);
  return cell;
}

/** '4m left', on a line of its own: there is one every few seconds at most. */
export function timeLeft(ms: number): string {
  const step = ms > 90_000 ? 60_000 : 1_000;
  return `about ${formatDurationMs(Math.max(step, Math.ceil(ms / step) * step))} left`;
}

/** Options of a study: given as text, kept as text. */
export const studyParams = {
  repeats: {
    type: 'count',
    default: 3,
    min: 1,
    max: 50,
    help: 'how often everything is measured; where that disagrees it is said',
  },
} as const satisfies Params;

function newStudy(
  asked: StudyAsked,
  records: Study['records'],
  versions: Readonly<Record<string, string>>,
): Study {
  const { study, given, routes, skipped, measures, transports, repeats } = asked;
  const startedAt = new Date();
  return {
    schema: STUDY_SCHEMA,
    study,
    id: idOf(startedAt, study),
    command: commandOf(study, given),
    given: { ...given },
    startedAt: startedAt.toISOString(),
    state: 'running',
    tool: { version: toolVersion(), commit: toolCommit() },
    environment: describeEnvironment(planCores(), measuredPackages(), versions),
    repeats,
    measures: [...measures],
    routes: routes.map(({ name }) => name),
    transports: [...transports],
    records,
    skipped,
    cells: [],
    advice: [],
  };
}

function commandOf(study: string, given: Readonly<Record<string, string>>): string {
  const options = Object.entries(given).map(([name, value]) =>
    value === '' ? `--${name}` : `--${name} ${shellWord(value)}`,
  );
  return ['npm run bench', study, ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
}

/** Samples of different proxies or machines do not belong into one cell. @throws HarnessError */
function refuseChanged(before: Study, now: Study): void {
  const refuse = (what: string) =>
    fault('bad-value', {
      flag: '--resume',
      problem: `${before.id} cannot be taken up again: ${what}; begin a new one`,
    });
  if (before.environment.fingerprint !== now.environment.fingerprint) {
    throw refuse('the machine, Node or a proxy is not the one that it was begun with');
  }
  const configs = ({ records }: Study) =>
    JSON.stringify(records.map(({ name, hash }) => [name, hash]));
  if (configs(before) !== configs(now)) throw refuse('the configuration of a proxy has changed');
}
