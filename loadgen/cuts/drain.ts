/**
 * A rolling restart: the server replaces its processes one after the other behind the same port, each
 * drained in good order or killed without a word. Somebody else serves all the time, so there is no window
 * in which nobody is let in; who comes back may meet one that is still to be replaced, and is cut again.
 */
import { NS_PER_MS } from '../../core/clock.ts';
import type { RollOrder } from '../../core/control.ts';
import { fault } from '../../core/errors.ts';
import { TrialFailure } from '../child-process.ts';
import { hasEnded } from '../procfs.ts';
import type { Injector } from './injector.ts';

/** Of a script that does not say: short, since half of a drain is for those who read slowly; longer than any wait. */
const DEFAULTS = { deadlineMs: 1_000, settleMs: 6_000 };
/** What a server grants a process that does not end when its deadline is over, and a margin. */
const GRACE_MS = 10_000;

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
    async strike({ roll }, context) {
      const { server, clients, connect, setup } = context;
      const { deadlineMs, settleMs } = roll ?? DEFAULTS;
      const each = setup.startTimeoutMs + deadlineMs + settleMs + GRACE_MS;
      const rolled = server.next('rolled', setup.processes * each);
      server.send({ kind: 'roll', order: { how, deadlineMs, settleMs } });
      const { members } = (await rolled).roll;
      const left = members.filter(({ pid }) => !hasEnded(pid));
      if (left.length > 0) {
        throw new TrialFailure(
          `the server says that it has replaced processes ${left.map(({ pid }) => pid).join(' and ')}, which are still there`,
        );
      }
      const count = members.reduce((sum, { sessions }) => sum + sessions, 0);
      const tookMs = members.map(({ endedAt, replacedAt, goneAt }) =>
        Math.round((Math.max(replacedAt, goneAt) - endedAt) / NS_PER_MS),
      );
      return {
        by: `the server, whose ${members.length} processes were ${how === 'drain' ? 'drained' : 'killed'} and are gone after ${tookMs.join(' and ')} ms`,
        // Everybody is hit once at least; who came back to one that was still to be replaced is so again.
        planned: Math.max(count, clients - (connect?.failed ?? 0)),
        count,
        inTurn: true,
        atNs: Math.min(...members.map(({ endedAt }) => endedAt)),
      };
    },
    async mend() {
      return undefined;
    },
  };
}
