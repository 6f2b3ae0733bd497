/** What every study on the command line has in common: its options, and from samples to cells that are judged. */
import type { Command } from 'commander';
import type { StreamKind } from '../core/records/probe.ts';
import type { Study } from '../core/records/study.ts';
import { judgeCell } from '../loadgen/study/agreement.ts';
import type { Measure } from '../loadgen/study/measure.ts';
import type { Place, StudyRoute } from '../loadgen/study/run-study.ts';
import { runStudy } from '../loadgen/study/run-study.ts';
import type { Io } from './io.ts';
import type { RouteChoice } from './route-options.ts';
import { defaultRuns } from './runs-folder.ts';
import type { ResumedStudy, StudyAsked } from './study-session.ts';
import { cellOf, studySession, timeLeft } from './study-session.ts';

export const TRANSPORTS = ['sse', 'ws'] as const satisfies readonly StreamKind[];

export interface StudyFlags {
  readonly resume?: string;
  readonly out?: string;
  readonly json?: true;
  readonly open?: true;
}

export interface StudyRequest extends Omit<StudyAsked, 'measures'> {
  readonly chosen: readonly Measure[];
  readonly maxMs: number;
}

export function addStudyFlags(command: Command): Command {
  return command
    .option('--resume <study>', 'go on with a study that was interrupted; what it has is kept')
    .option('--out <dir>', `folder of runs and studies (default ${defaultRuns()})`)
    .option('--json', 'print the study file on stdout and nothing else')
    .option('--open', 'open the report in the browser when done');
}

/** @param adviceOf what to do about it, when all is measured */
export async function takeStudy(
  request: StudyRequest,
  { out, json, open, resumed }: StudyFlags & { readonly resumed: ResumedStudy | undefined },
  io: Io,
  adviceOf: (study: Study) => string[],
): Promise<void> {
  const { chosen, routes, transports, repeats, maxMs } = request;
  const asked: StudyAsked = {
    ...request,
    measures: chosen.map(({ name, title, question }) => ({ name, title, question })),
  };
  const output = { out, json: json === true, open: open === true, resumed };
  await studySession(asked, output, io, async (study, supervisor, save) => {
    await runStudy({
      supervisor,
      routes: routes.map(studyRoute),
      transports,
      measures: chosen,
      repeats,
      maxMs,
      signal: io.signal,
      isDone: (place) =>
        cellAt(study, place)?.samples.some(({ repeat }) => repeat === place.repeat) === true,
      took(place, sample) {
        const { measure, transport } = place;
        const cell = cellOf(study, { ...place, measure: measure.name });
        cell.samples.push(sample);
        cell.judgement = judgeCell(measure, cell, { ...place, maxMs });
        save();
        if (sample.problem !== undefined) {
          io.err(`  ${measure.title}, ${transport}: ${sample.problem}\n`);
        }
      },
      progress({ route, repeat, leftMs }) {
        io.err(`repeat ${repeat + 1}/${repeats} · ${route} · ${timeLeft(leftMs)}\n`);
      },
    });
    study.advice = adviceOf(study);
  });
}

const cellAt = (study: Study, { measure, route, transport }: Place) =>
  study.cells.find(
    (one) => one.measure === measure.name && one.route === route && one.transport === transport,
  );

const studyRoute = ({ name, plan }: RouteChoice): StudyRoute => ({
  name,
  plan: plan?.kind === 'proxy' ? plan : undefined,
});
