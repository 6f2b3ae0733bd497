/** The relay as a process of its own, so that it shares no event loop with either end. */
import { configOf, connectToParent } from '../core/child.ts';
import { createClock } from '../core/clock.ts';
import { createRandom } from '../core/random.ts';
import { startRelay } from './relay.ts';
import type { FromRelay, RelayConfig, ToRelay } from './relay-control.ts';
import { shapedForward } from './routes/shape.ts';

const config = configOf<RelayConfig>(process.argv);
const channel = connectToParent<ToRelay, FromRelay>(process);
const clock = createClock(config.epoch);
const { shape, seed = 1 } = config;
const relay = await startRelay({
  ...config,
  clock,
  ...(shape === undefined ? {} : { forward: shapedForward(shape, createRandom(seed).next) }),
});

async function handle(message: ToRelay): Promise<void> {
  switch (message.kind) {
    case 'cut':
      channel.send({ kind: 'was-cut', ...relay.cut(message.how, message.count, message.shut) });
      return;
    case 'mend':
      await relay.mend();
      channel.send({ kind: 'mended', at: clock() });
      return;
    case 'stop':
      relay.close();
      process.disconnect();
  }
}

/** A fault here ends the relay; the controller records its last words. */
function crash(error: unknown): void {
  console.error(error);
  process.exit(1);
}

channel.onMessage((message) => {
  handle(message).catch(crash);
});
channel.send({ kind: 'relaying', port: relay.port });
