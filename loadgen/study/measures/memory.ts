/**
 * What an open connection costs a proxy in memory: the slope of the resident set of all its processes over
 * several numbers of connections that have carried something and are at rest.
 */
import { median } from '../../../core/median.ts';
import { fitLine } from '../../../core/slope.ts';
import { formatBytes } from '../../../core/units.ts';
import type { OriginLine } from '../../probing/origin-line.ts';
import { openLines } from '../../probing/origin-line.ts';
import { residentOf } from '../../procfs.ts';
import { seen, typical } from '../figures.ts';
import type { Disturbable, Found, Measure, StudyPath } from '../measure.ts';
import { pause } from '../pause.ts';

const COUNTS = [40, 80, 120, 160, 200] as const;
const AT_ONCE = 10;
/** A first message may take so long, ms. */
const ARRIVAL_MS = 1_000;
/** Between two readings, ms; of three the middle one counts. */
const READ_EVERY_MS = 60;
const READINGS = 3;

export const memory: Measure = {
  name: 'memory',
  title: 'memory',
  question: 'What does an open connection cost the proxy in memory?',
  waits: false,
  takesMs: () => ({ alone: COUNTS.length * 400 + 1_000, waits: 0 }),
  async look(path) {
    const instance = await path.another();
    try {
      const restBytes = residentOf(instance.pids());
      // No proxy, or nothing that tells.
      if (restBytes === undefined) return { figures: {}, facts: {} };
      return await weigh(instance, path, restBytes);
    } finally {
      await instance.stop();
    }
  },
  judge(found, { route }) {
    const [each, rest] = [typical(found, 'bytesEach'), typical(found, 'restBytes')];
    if (each === undefined || rest === undefined) {
      const why =
        route === 'direct'
          ? 'There is no proxy.'
          : 'The system does not tell what a process holds, or not all connections came about.';
      return { text: '–', grade: 'plain', says: why };
    }
    const [low = each, high = each] = [typical(found, 'lowBytes'), typical(found, 'highBytes')];
    return {
      text: formatBytes(Math.max(0, each)),
      grade: 'plain',
      says:
        low <= 0
          ? `Memory per connection cannot be told from none over ${COUNTS.at(-1)} connections (at most ${formatBytes(high)}); without any the proxy holds ${formatBytes(rest)}.`
          : `An open connection costs ${formatBytes(each)} (${formatBytes(low)} to ${formatBytes(high)}); without any the proxy holds ${formatBytes(rest)}.`,
    };
  },
  agreement: { figure: 'bytesEach', share: 0.5, slack: 4_096 },
};

async function weigh(
  instance: Disturbable,
  { origin, signal }: StudyPath,
  restBytes: number,
): Promise<Found> {
  const lines: OriginLine[] = [];
  const { endpoint } = instance;
  const points: { x: number; y: number }[] = [];
  try {
    for (const count of COUNTS) {
      while (lines.length < count) {
        const more = Math.min(AT_ONCE, count - lines.length);
        lines.push(...(await openLines(more, { endpoint, origin }, signal)));
      }
      for (const { session } of lines) {
        // So that no time-out ends those that have carried something already.
        if (session.said.length === 0) session.say();
        else session.beat();
      }
      await Promise.all(lines.map((line) => line.arrival(1, ARRIVAL_MS)));
      const bytes = await readCalmly(instance, signal);
      if (bytes !== undefined) points.push({ x: count, y: bytes });
    }
  } finally {
    for (const { client } of lines) client.abandon();
    await Promise.all(lines.map(({ client }) => client.ended));
  }
  const fit = fitLine(points);
  return {
    figures: seen({
      restBytes,
      bytesEach: fit?.slope,
      lowBytes: fit?.low,
      highBytes: fit?.high,
      ...Object.fromEntries(points.map(({ x, y }) => [`bytes.${x}`, y])),
    }),
    facts: {},
  };
}

async function readCalmly({ pids }: Disturbable, signal: AbortSignal): Promise<number | undefined> {
  const readings: number[] = [];
  for (let n = 0; n < READINGS; n += 1) {
    await pause(READ_EVERY_MS, signal);
    const bytes = residentOf(pids());
    if (bytes === undefined) return undefined;
    readings.push(bytes);
  }
  return median(readings);
}
