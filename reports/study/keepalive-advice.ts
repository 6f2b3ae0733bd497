/** What interval to beat at, from which shares of a time-out were survived every time; and what that costs. */

import { median } from '../../core/median.ts';
import type { Study } from '../../core/records/study.ts';
import { formatBytes, formatPercent } from '../../core/units.ts';
import { safeInterval } from '../probe-advice.ts';
import { timeText } from '../probe-words.ts';

/** A row of the study: a route, and the time-out that it was given. */
export interface TimedRoute {
  readonly name: string;
  readonly timeoutMs: number;
}

/** A column: a measure, and the interval at which it beats. */
export interface TimedBeat {
  readonly name: string;
  readonly everyMs: number;
}

/** So many connections are what costs are told for. */
const CLIENTS = 10_000;

export function adviceOfBeats(
  study: Study,
  routes: readonly TimedRoute[],
  beats: readonly TimedBeat[],
  /** The shortest idle time-out on the path that it is for, ms. */
  hereMs: number,
): string[] {
  const tried = routes.flatMap(({ name: route, timeoutMs }) =>
    beats.flatMap(({ name, everyMs }) => {
      const samples = samplesOf(study, name, route);
      if (samples.length === 0) return [];
      const cut = samples.some(
        ({ figures, problem }) => problem !== undefined || 'cutMs' in figures,
      );
      return { share: everyMs / timeoutMs, cut };
    }),
  );
  const fatal = Math.min(...tried.flatMap(({ share, cut }) => (cut ? share : [])));
  const safe = Math.max(
    0,
    ...tried.flatMap(({ share, cut }) => (!cut && share < fatal ? share : [])),
  );
  if (safe === 0) {
    return [
      'No interval that was tried kept every connection open: try shorter ones with --intervals.',
    ];
  }
  // Twice as often as was needed here, and never rarer than half of the time-out: one late beat does no harm.
  const everyMs = safeInterval(hereMs * Math.min(1, safe * 2));
  const found = Number.isFinite(fatal)
    ? `intervals of up to ${formatPercent(safe)} of the idle time-out kept every connection open, ${formatPercent(fatal)} did not`
    : `intervals of up to ${formatPercent(safe)} of the idle time-out kept every connection open, and none was cut`;
  return [
    `Use ${timeText(everyMs)} here, where the shortest idle time-out is ${timeText(hereMs)}: ${found}.`,
    ...study.transports.flatMap((transport) => costOf(study, transport, beats, everyMs)),
  ];
}

function costOf(
  study: Study,
  transport: Study['transports'][number],
  beats: readonly TimedBeat[],
  everyMs: number,
): string[] {
  const here = study.cells.filter((cell) => cell.transport === transport);
  const figures = (names: readonly string[], figure: string): number[] =>
    here
      .filter(({ measure }) => names.includes(measure))
      .flatMap(({ samples }) => samples.flatMap((one) => one.figures[figure] ?? []));
  const bytes = median(
    figures(
      beats.map(({ name }) => name),
      'bytesPerBeat',
    ),
  );
  const cpuUs = median(figures(['cost'], 'cpuUs'));
  if (bytes === undefined) return [];
  const perS = (CLIENTS * 1_000) / everyMs;
  const cpu =
    cpuUs === undefined ? '' : ` and ${formatPercent((perS * cpuUs) / 1e6)} of a core of the proxy`;
  const dead =
    figures(
      beats.map(({ name }) => name),
      'deadMs',
    ).length === 0
      ? 'a peer that has died without a word is not found'
      : `a peer that has died without a word is found within ${timeText(2 * everyMs)}`;
  return [
    `${transport}: with ${CLIENTS.toLocaleString('en-US')} clients that is ${formatBytes(perS * bytes)}/s${cpu}; ${dead}.`,
  ];
}

const samplesOf = (study: Study, measure: string, route: string) =>
  study.cells
    .filter((cell) => cell.measure === measure && cell.route === route)
    .flatMap(({ samples }) => samples);
