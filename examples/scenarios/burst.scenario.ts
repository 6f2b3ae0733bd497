/**
 * A scenario of one's own: quiet for most of the time, then bursts. None of the built-in ones has this shape,
 * and it is what a feed looks like when a goal is scored: nothing, and then ten messages at once.
 *
 *     npm run bench ./examples/scenarios/burst.scenario.ts -- --burst 20
 */
import type { Phase } from 'pushbench';
import { defineScenario, MIN_MESSAGE_BYTES, refuseValue } from 'pushbench';

export default defineScenario({
  name: 'burst',
  question: 'After a quiet spell, how long does a burst of messages take to reach everybody?',
  params: {
    clients: { type: 'count', default: 200, min: 1, max: 100_000, help: 'connected subscribers' },
    burst: { type: 'count', default: 10, min: 1, max: 1_000, help: 'messages of a burst' },
    within: {
      type: 'durationMs',
      default: 100,
      min: 10,
      max: 10_000,
      help: 'how long a burst takes from its first to its last message',
    },
    quiet: {
      type: 'durationMs',
      default: 500,
      min: 10,
      max: 60_000,
      help: 'how long little happens before each burst',
    },
    bursts: {
      type: 'count',
      default: 4,
      min: 1,
      max: 100,
      help: 'bursts before the one that counts',
    },
    payload: {
      type: 'sizeBytes',
      default: 256,
      min: MIN_MESSAGE_BYTES,
      max: 65_536,
      help: 'bytes of one message',
    },
  },
  quick: { bursts: 1, quiet: 200 },
  phases: (p) => {
    if (p.burst / p.within > 100) {
      throw refuseValue(
        'burst',
        `${p.burst} messages within ${p.within} ms are more than 100 per ms`,
      );
    }
    const load = (measured: boolean, durationMs: number, messages: number): Phase => ({
      kind: 'load',
      measured,
      durationMs,
      pacing: 'constant',
      deadlineMs: 5_000,
      publish: {
        ratePerS: (messages / durationMs) * 1_000,
        payloadBytes: p.payload,
        from: 'server',
        to: { kind: 'everybody' },
      },
    });
    // A heartbeat of the application in every quiet spell, and then the burst.
    const spells = Array.from({ length: p.bursts }, () => [
      load(false, p.quiet, 1),
      load(false, p.within, p.burst),
    ]);
    return [
      { kind: 'connect', clients: p.clients },
      ...spells.flat(),
      load(false, p.quiet, 1),
      load(true, p.within, p.burst),
    ];
  },
  arms: 'sse,ws',
  headline: ['latency.p50', 'latency.max', 'spread.last.p50'],
  explore: '--vary burst=1,10,100',
});
