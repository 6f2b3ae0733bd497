/** What a proxy pays for passing on one event: CPU time of all its processes per delivery. */

import { formatNanoseconds } from '../../core/units.ts';
import type { OriginLine } from '../probing/origin-line.ts';
import { openLines, withoutAdvice } from '../probing/origin-line.ts';
import { cpuOf } from '../procfs.ts';
import { seen, typical } from '../study/figures.ts';
import type { Measure } from '../study/measure.ts';

const CLIENTS = 10;
const EVENTS = 100;
const EVERY_MS = 4;
/** How long the last events may take, ms. */
const GRACE_MS = 500;
/** Of fewer deliveries it would be told what not delivering costs. */
const LEAST_SHARE = 0.9;

export const cpu: Measure = {
  name: 'cpu',
  title: 'CPU',
  question: 'How much CPU time does the proxy take for passing on one event?',
  waits: false,
  takesMs: () => ({ alone: EVENTS * EVERY_MS + 200, waits: 0 }),
  async look(path) {
    const lines = await openLines(CLIENTS, withoutAdvice(path), path.signal);
    try {
      const before = cpuOf(path.pids());
      await sendAll(lines, path.signal);
      const after = cpuOf(path.pids());
      const arrived = lines.reduce((sum, { received }) => sum + received.length, 0);
      const isWhole = arrived >= LEAST_SHARE * CLIENTS * EVENTS;
      return {
        figures: seen({
          arrived,
          nsPerDelivery:
            before === undefined || after === undefined || !isWhole
              ? undefined
              : (after - before) / arrived,
        }),
        facts: {},
      };
    } finally {
      await Promise.all(lines.map(({ client }) => client.leave()));
    }
  },
  judge(found) {
    const ns = typical(found, 'nsPerDelivery');
    return ns === undefined
      ? { text: '–', grade: 'plain', says: 'What it costs could not be read.' }
      : {
          text: formatNanoseconds(ns),
          grade: 'plain',
          says: `Passing on an event takes ${formatNanoseconds(ns)} of CPU time.`,
        };
  },
  agreement: { figure: 'nsPerDelivery', share: 0.5, slack: 5_000 },
};

/** One event to everybody at a time, as a broadcast is. */
async function sendAll(lines: readonly OriginLine[], signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    let sent = 0;
    const timer = setInterval(() => {
      for (const { session } of lines) session.say();
      sent += 1;
      if (sent < EVENTS && !signal.aborted) return;
      clearInterval(timer);
      resolve();
    }, EVERY_MS);
  });
  await Promise.all(lines.map((line) => line.arrival(line.session.said.length, GRACE_MS)));
}
