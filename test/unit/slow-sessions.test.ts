/** Sessions that hold back: how many were sent away is counted, and when is kept of the first of them only. */
import { expect, test } from 'vitest';
import { Gate } from '../../servers/gate.ts';
import type { HubOptions, Publication } from '../../servers/hub-options.ts';
import { startCounting } from '../../servers/hub-options.ts';
import type { Session } from '../../servers/session.ts';
import { SlowSessions } from '../../servers/slow-sessions.ts';

test('the times of a thousand that are sent away are kept, and all of them are sent away', () => {
  let now = 0;
  const clock = (): number => {
    now += 1;
    return now;
  };
  const counters = startCounting();
  const sent: Session[] = [];
  // Nothing else of them is looked at when somebody is sent away.
  const options = { policy: 'disconnect', bufferLimitBytes: 1, clock } as HubOptions;
  const gate = new Gate<Publication>(1, clock, () => undefined);
  const slow = new SlowSessions(options, counters, gate, (session) => void sent.push(session));
  for (let index = 0; index < 1_001; index += 1) slow.expel({} as Session);
  expect(sent).toHaveLength(1_001);
  expect(counters.slowAt).toHaveLength(1_000);
  expect([counters.slowAt[0], counters.slowAt.at(-1)]).toEqual([1, 1_000]);
});
