/** A study in a terminal: one table, and a sentence per cell. */
import Table from 'cli-table3';
import type { Cell, Grade, Judgement, Study } from '../../core/records/study.ts';
import { PLAIN_TABLE } from '../formats/plain-table.ts';

/** Marks that survive a pipe. */
const MARKS: Readonly<Record<Grade, string>> = { good: ' ', plain: ' ', fair: '~', bad: '!' };

export interface StudyTextOptions {
  readonly file: string;
  readonly report: string;
}

export function renderStudyText(study: Study, { file, report }: StudyTextOptions): string {
  const { measures, cells } = study;
  const table = new Table({
    ...PLAIN_TABLE,
    head: ['route', 'transport', ...measures.map(({ title }) => title)],
  });
  for (const { route, transport } of rowsOf(study)) {
    const texts = measures.map(({ name }) => cellText(cellAt(cells, name, route, transport)));
    table.push([route, transport, ...texts]);
  }
  const sentences = rowsOf(study).flatMap(({ route, transport }) => [
    '',
    `${route} ${transport}`,
    ...measures.flatMap(({ name, title }) => {
      const judged = cellAt(cells, name, route, transport)?.judgement;
      if (judged === undefined) return [];
      return [`  ${title}: ${sentenceOf(judged)}`];
    }),
  ]);
  return `${[
    ...(study.state === 'finished' ? [] : [unfinished(study), '']),
    table.toString(),
    '',
    '! in the way of a stream   ~ to know of   ? repeats disagree',
    ...sentences,
    '',
    ...study.advice,
    ...(study.advice.length > 0 ? [''] : []),
    `study  ${file}`,
    `report ${report}`,
  ].join('\n')}\n`;
}

export interface Row {
  readonly route: string;
  readonly transport: Cell['transport'];
}

export const rowsOf = ({ routes, transports }: Study): Row[] =>
  routes.flatMap((route) => transports.map((transport) => ({ route, transport })));

export const cellAt = (
  cells: readonly Cell[],
  measure: string,
  route: string,
  transport: string,
): Cell | undefined =>
  cells.find(
    (one) => one.measure === measure && one.route === route && one.transport === transport,
  );

function cellText(cell: Cell | undefined): string {
  if (cell?.judgement === undefined) return '–';
  return `${shortOf(cell.judgement)} ${MARKS[cell.judgement.grade]}`.trimEnd();
}

/** What stands in a cell, with a mark where the repeats disagree. */
export const shortOf = ({ text, disagree }: Judgement): string =>
  disagree === undefined ? text : `${text} ?`;

/** What was found, and how the repeats disagree about it. */
export const sentenceOf = ({ says, disagree }: Judgement): string =>
  disagree === undefined ? says : `${says} ${disagree}`;

export function unfinished({
  state,
  cells,
  measures,
  routes,
  transports,
  repeats,
  id,
}: Study): string {
  const there = cells.reduce((sum, { samples }) => sum + samples.length, 0);
  const all = measures.length * routes.length * transports.length * repeats;
  const why = state === 'aborted' ? 'it was stopped' : 'it was killed, or is still going on';
  return `This study is not finished: ${why}. It has ${there} of ${all} samples; --resume ${id} takes the others.`;
}
