/**
 * A rolling restart: the server replaces its processes one after the other behind the same port, each
 * drained in good order or killed without a word. Somebody else serves all the time, so there is no window
 * in which nobody is let in; who comes back may meet one that is still to be replaced, and is cut again.
 */
import { NS_PER_MS } from '../../core/clock.ts';
import type { RollOrder } from '../../core/control.ts';
import { fault } from '../../core/errors.ts';
import type { Injector } from './injector.ts';

/** How long a process has to send its sessions away: short, since half of it is for those who read slowly. */
const DEADLINE_MS = 1_000;
/** Longer than any client waits before it comes back, in both ways. */
const SETTLE_MS = 6_000;
const PATIENCE_MS = 60_000;

/** Each process sends everybody away, with a time to come back, when its successor is there already. */
export const drain = (): Injector => rolling('drain');
/** Each process is killed; its successor is started when it is gone. */
export const rollingKill = (): Injector => rolling('kill');

function rolling(how: RollOrder['how']): Injector {
  return {
    async prepare(_plan, { setup }) {
      if (setup.processes > 1) return;
      throw fault('bad-value', {
        flag: '--processes',
        problem:
          'a rolling restart needs two server processes or more, so that one serves while another is replaced',
      });
    },
    async strike(_plan, context) {
      const { server } = context;
      const rolled = server.next('rolled', PATIENCE_MS);
      server.send({
        kind: 'roll',
        order: { how, deadlineMs: DEADLINE_MS, settleMs: SETTLE_MS },
      });
      const { members } = (await rolled).roll;
      const count = members.reduce((sum, { sessions }) => sum + sessions, 0);
      const tookMs = members.map(({ endedAt, replacedAt, goneAt }) =>
        Math.round((Math.max(replacedAt, goneAt) - endedAt) / NS_PER_MS),
      );
      return {
        by: `the server, which ${how === 'drain' ? 'drained' : 'killed'} ${members.length} processes in ${tookMs.join(' and ')} ms`,
        // Whoever came back to one that was still to be replaced counts twice, which nobody can plan.
        planned: count,
        count,
        atNs: Math.min(...members.map(({ endedAt }) => endedAt)),
      };
    },
    async mend() {
      return undefined;
    },
  };
}
