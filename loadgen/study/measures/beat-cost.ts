/** What a heartbeat costs a proxy in CPU: many connections that beat fast, and nothing else. */
import { formatMicroseconds } from '../../../core/units.ts';
import type { OriginLine } from '../../probing/origin-line.ts';
import { openLine } from '../../probing/origin-line.ts';
import { ProbeFailure } from '../../probing/probe-failure.ts';
import { readProcess } from '../../procfs.ts';
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
  async look({ endpoint, origin, signal, pids }) {
    const lines: OriginLine[] = [];
    try {
      for (let n = 0; n < CONNECTIONS; n += 1)
        lines.push(await openLine({ endpoint, origin }, signal));
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

/** Of all of them, ns; undefined where one cannot be read. */
function cpuOf(pids: readonly number[]): number | undefined {
  const readings = pids.map((pid) => readProcess(pid)?.cpuNs);
  return readings.reduce(
    (sum, one) => (sum === undefined || one === undefined ? undefined : sum + one),
    pids.length === 0 ? undefined : 0,
  );
}
