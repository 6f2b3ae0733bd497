/** A process that answers every message with the time on its clock. For the check of clocks across processes. */
import { configOf, connectToParent } from '../core/child.ts';
import type { Epoch } from '../core/clock.ts';
import { createClock } from '../core/clock.ts';
import type { FromEcho, ToEcho } from './clock-check.ts';

const clock = createClock(configOf<{ epoch: Epoch }>(process.argv).epoch);
const channel = connectToParent<ToEcho, FromEcho>(process);
channel.onMessage(({ kind }) => {
  if (kind === 'ask') channel.send({ kind: 'time', at: clock() });
  else process.disconnect();
});
channel.send({ kind: 'time', at: clock() });
