/** What a heartbeat costs a proxy in CPU: many connections that beat fast, and nothing else. */
import { formatMicroseconds } from '../../../core/units.ts';
import { openLines } from '../../probing/origin-line.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { cpuOf } from '../../procfs.ts';
import { seen, typical } from '../figures.ts';
import type { Measure } from '../measure.ts';

const CONNECTIONS = 100;
const EVERY_MS = 100;
const ROUNDS = 20;
/** The last ones have been passed on by then, ms. */
const SETTLE_MS = 100;

export const beatCost: Measure = {
  name: 'cost',
  title: 'CPU per beat',
  question: 'What does passing on one heartbeat, and its answer, cost the proxy in CPU?',
  waits: false,
  takesMs: () => ({ alone: EVERY_MS * ROUNDS + 500, waits: 0 }),
  async look(path) {
    const { signal, pids } = path;
    const lines = await openLines(CONNECTIONS, path, signal);
    try {
      const before = cpuOf(pids());
      let beats = 0;
      await new Promise<void>((resolve) => {
        let rounds = 0;
        const timer = setInterval(() => {
          if (rounds === ROUNDS || signal.aborted) {
            clearInterval(timer);
            setTimeout(resolve, SETTLE_MS);
            return;
          }
          rounds += 1;
          for (const { session } of lines) if (session.beat()) beats += 1;
        }, EVERY_MS);
      });
      if (signal.aborted) throw new ProbeFailure('aborted', 'interrupted');
      const after = cpuOf(pids());
      const cpuUs =
        before === undefined || after === undefined || beats === 0
          ? undefined
          : (after - before) / beats / 1_000;
      return { figures: seen({ cpuUs, beats }), facts: {} };
    } finally {
      for (const { client } of lines) client.abandon();
      await Promise.all(lines.map(({ client }) => client.ended));
    }
  },
  judge(found) {
    const us = typical(found, 'cpuUs');
    return us === undefined
      ? { text: '–', grade: 'plain', says: 'The system does not tell what a process has used.' }
      : {
          text: formatMicroseconds(us),
          grade: 'plain',
          says: `A beat costs the proxy ${formatMicroseconds(us)} of CPU time.`,
        };
  },
  agreement: { figure: 'cpuUs', share: 0.5, slack: 10 },
};
