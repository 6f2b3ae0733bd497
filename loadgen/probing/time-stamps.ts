/**
 * Finds the time that each event says it was sent at, where it says one: an epoch in s, ms, µs or ns, or an
 * ISO date, in its data or in its id. What merely looks like a time is told from one by how it advances.
 */

/** Clocks of servers are wrong, but not by more than this, ms. */
const PLAUSIBLE_MS = 24 * 3_600_000;
/** A series of times advances as arrivals do, up to this share of their span … */
const SPAN_SHARE = 0.25;
/** … and this many ms. */
const SPAN_SLACK_MS = 1_500;
/** What is lost of a time in calculating, ms. */
const ROUNDING_MS = 0.01;
/** Events of which not one may lack the time. */
const FEWEST = 3;

export interface SendTimes {
  /** One for each event, ms since 1970 of the server's clock. */
  readonly at: readonly number[];
  /** How fine they are, ms: times that differ by less may have been the same. */
  readonly resolutionMs: number;
}

interface Stamped {
  readonly text: string;
  readonly id: string;
  readonly at: number;
}

const CANDIDATE =
  /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?|(?<![\d.])\d{10}(?:\.\d{1,9})?(?![\d])|(?<![\d.])(?:\d{13}(?:\.\d{1,6})?|\d{16}|\d{19})(?![\d])/g;

/** @param now ms since 1970 @param events with their arrivals, ms of any clock */
export function sendTimesOf(events: readonly Stamped[], now: number): SendTimes | undefined {
  if (events.length < FEWEST) return undefined;
  const candidates = events.map(({ text, id }) => candidatesOf(`${id}\n${text}`, now));
  const positions = Math.min(...candidates.map(({ length }) => length), 8);
  const series: SendTimes[] = [];
  for (let position = 0; position < positions; position += 1) {
    const at = candidates.map((times) => times[position] ?? 0);
    if (advancesLike(at, events)) series.push({ at, resolutionMs: resolutionOf(at) });
  }
  return series.sort((a, b) => a.resolutionMs - b.resolutionMs)[0];
}

function candidatesOf(text: string, now: number): number[] {
  return [...text.matchAll(CANDIDATE)]
    .map(([word]) => millisecondsOf(word))
    .filter((ms) => Math.abs(ms - now) <= PLAUSIBLE_MS);
}

function millisecondsOf(word: string): number {
  if (word.includes('T')) return Date.parse(word);
  const digits = word.split('.', 1)[0]?.length ?? 0;
  const perMs = { 10: 0.001, 13: 1, 16: 1_000, 19: 1_000_000 }[digits] ?? Number.NaN;
  return Number(word) / perMs;
}

function advancesLike(sentAt: readonly number[], events: readonly Stamped[]): boolean {
  const span = (sentAt.at(-1) ?? 0) - (sentAt[0] ?? 0);
  const arrived = (events.at(-1)?.at ?? 0) - (events[0]?.at ?? 0);
  const grows = sentAt.every((at, index) => index === 0 || at >= (sentAt[index - 1] ?? at));
  // A time that never changes is when something began, and not when an event was sent.
  const changes = sentAt.some((at) => at !== sentAt[0]);
  return grows && changes && Math.abs(span - arrived) <= arrived * SPAN_SHARE + SPAN_SLACK_MS;
}

function resolutionOf(times: readonly number[]): number {
  // Nanoseconds since 1970 do not fit into a double to the last digit.
  const multiple = (ms: number): boolean =>
    times.every((at) => at % ms < ROUNDING_MS || ms - (at % ms) < ROUNDING_MS);
  return [60_000, 1_000, 100, 10].find(multiple) ?? 1;
}
