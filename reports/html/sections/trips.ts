/** Round trips per arm: what became of them and how long they took, beside what plain HTTP does alone. */
import type { Trips } from '../../../core/result.ts';
import { formatMicroseconds } from '../../../core/units.ts';
import { figureText } from '../../figure-text.ts';
import type { TripKind } from '../../flow.ts';
import { flowWords, hasDeliveries, timedOut, tripKinds } from '../../flow.ts';
import { formatMetric } from '../../metric.ts';
import type { MetricId } from '../../metrics/registry.ts';
import { YARDSTICK, YARDSTICK_DOUBT, yardstickOf } from '../../yardstick.ts';
import type { ArmLook } from '../arm-look.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figureCell, figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';
import { incidents } from './incidents.ts';

type Counts = Trips['counts'];

/** Round trips of one kind of one arm, in all rounds that count. */
interface Row {
  readonly look: ArmLook;
  readonly kind: TripKind;
  sum(pick: (counts: Counts) => number): number;
}

export function tripsSection(view: View): Markup | undefined {
  const rows = tripKinds.flatMap((kind) => view.looks.flatMap((look) => rowOf(view, look, kind)));
  if (rows.length === 0) return undefined;
  const alone = !view.looks.some((look) => countedOf(view, look).some(hasDeliveries));
  return html`<div id="trips${view.suffix}"><h3>Round trips</h3>
<p class="intro">${introOf(rows)} What is not answered counts as later than the timeout in every percentile, so leaving the slow ones unanswered cannot make an arm look fast.</p>
${countTable(view, rows)}
${tripKinds.map((kind) => timeTable(view, rows, kind))}
${
  yardstickOf(view.run, view.point) === undefined
    ? undefined
    : html`<p class="note">${YARDSTICK} is no arm: the POST endpoint alone, to know what HTTP costs here. It is ${YARDSTICK_DOUBT}.</p>`
}
${alone ? incidents(view) : undefined}</div>`;
}

function rowOf(view: View, look: ArmLook, kind: TripKind): Row[] {
  const all = countedOf(view, look).flatMap(({ trips }) => trips?.[kind]?.counts ?? []);
  if (all.length === 0) return [];
  return [{ look, kind, sum: (pick) => all.reduce((total, counts) => total + pick(counts), 0) }];
}

function introOf(rows: readonly Row[]): string {
  const kinds = new Set(rows.map(({ kind }) => kind));
  const says = [
    ...(kinds.has('request') ? ['A request is a client that asks the server.'] : []),
    ...(kinds.has('ask') ? ['An ask is the server that asks one of its clients.'] : []),
    ...(rows.some(({ sum }) => sum(({ cancelled }) => cancelled) > 0)
      ? ['A cancelled one was given up by its client on purpose, and is not missed.']
      : []),
  ];
  return says.join(' ');
}

/** The arm, and which of its round trips where there are both kinds: in one cell, which stays in sight. */
function headOf({ look, kind }: Row, rows: readonly Row[]): Content {
  return html`${armTag(look)}${kindText(kind, rows)}`;
}

function kindText(kind: TripKind, rows: readonly Row[]): Content {
  const both = rows.some((row) => row.kind !== kind);
  return both ? html` <small>${flowWords[kind].names}</small>` : undefined;
}

function countTable(view: View, rows: readonly Row[]): Markup {
  const yardstick = yardstickOf(view.run, view.point);
  return table({
    label: 'What became of the round trips of each arm, all counted rounds together',
    columns: [
      words('arm'),
      ...['planned', 'answered', 'late', 'timeouts', 'errors', 'duplicated'].map(figures),
      ...['cancelled', 'parts', 'parts after a cancel'].map(figures),
    ],
    rows: [
      ...rows.map((row) => [
        headOf(row, rows),
        count(row.sum(({ planned }) => planned)),
        answeredText(view, row),
        alarming(row.sum(({ late }) => late)),
        alarming(row.sum(timedOut)),
        alarming(row.sum(({ errors }) => errors)),
        alarming(row.sum(({ duplicated }) => duplicated)),
        count(row.sum(({ cancelled }) => cancelled)),
        count(row.sum(({ parts }) => parts)),
        count(row.sum(({ partsAfterCancel }) => partsAfterCancel)),
      ]),
      ...(yardstick === undefined
        ? []
        : [
            [
              html`${YARDSTICK}${kindText('request', rows)}`,
              count(yardstick.answered + yardstick.failed),
              shareOf(yardstick.answered, yardstick.answered + yardstick.failed),
              '–',
              '–',
              alarming(yardstick.failed),
              ...['–', '–', '–', '–'],
            ],
          ]),
    ],
  });
}

function answeredText(view: View, { look, kind, sum }: Row): Content {
  const { text } = figureText(view.run, look.arm, view.point, `${kind}.answered`);
  return html`${count(sum(({ answered }) => answered))}<br><small>${text}</small>`;
}

const shareOf = (part: number, whole: number): Content =>
  html`${count(part)}<br><small>${whole === 0 ? '–' : formatMetric('share', part / whole)}</small>`;

const count = (value: number): string => value.toLocaleString('en-US');

/** What should be zero stands out where it is not. */
const alarming = (value: number): Content =>
  value > 0 ? html`<strong class="alert">${count(value)}</strong>` : count(value);

interface Times {
  readonly head: string;
  readonly ids: Readonly<Partial<Record<TripKind, MetricId>>>;
}

/** What is measured of a round trip; a column in which no arm has anything is left out. */
const TIMES: readonly Times[] = [
  { head: 'from due, p50', ids: { request: 'request.p50', ask: 'ask.p50' } },
  { head: 'from due, p99', ids: { request: 'request.p99', ask: 'ask.p99' } },
  { head: 'from sending, p50', ids: { request: 'request.sent.p50' } },
  { head: 'from sending, p99', ids: { request: 'request.sent.p99' } },
  { head: 'first part, p50', ids: { request: 'request.first.p50' } },
  { head: 'first part, p99', ids: { request: 'request.first.p99' } },
  { head: 'gap between parts, p50', ids: { request: 'request.gap.p50' } },
  { head: 'gap between parts, p99', ids: { request: 'request.gap.p99' } },
  { head: 'without the client’s work, p50', ids: { ask: 'ask.overhead.p50' } },
  { head: 'without the client’s work, p99', ids: { ask: 'ask.overhead.p99' } },
  { head: 'per second', ids: { request: 'request.rate' } },
  { head: 'parts per second', ids: { request: 'request.parts' } },
];

/** A table per kind, since they have few columns in common. */
function timeTable(view: View, all: readonly Row[], kind: TripKind): Markup | undefined {
  const rows = all.filter((row) => row.kind === kind);
  if (rows.length === 0) return undefined;
  const columns = TIMES.flatMap(({ head, ids }) => {
    const id = ids[kind];
    const cells = rows.map(({ look }) =>
      id === undefined ? '–' : figureCell(figureText(view.run, look.arm, view.point, id)),
    );
    return id === undefined || cells.every((cell) => cell === '–') ? [] : [{ id, head, cells }];
  });
  const yardstick = kind === 'request' ? yardstickOf(view.run, view.point) : undefined;
  const ofYardstick = (id: MetricId): string => {
    if (yardstick === undefined) return '–';
    if (id === 'request.sent.p50') return formatMicroseconds(yardstick.p50);
    if (id === 'request.sent.p99') return formatMicroseconds(yardstick.p99);
    return id === 'request.rate' ? formatMetric('/s', yardstick.ratePerS) : '–';
  };
  return table({
    label: `How long ${flowWords[kind].names} took, all counted rounds together`,
    columns: [words('arm'), ...columns.map(({ head }) => figures(head))],
    rows: [
      ...rows.map((row, index) => [headOf(row, all), ...columns.map(({ cells }) => cells[index])]),
      ...(yardstick === undefined
        ? []
        : [
            [
              html`${YARDSTICK}${kindText('request', all)}`,
              ...columns.map(({ id }) => ofYardstick(id)),
            ],
          ]),
    ],
  });
}
