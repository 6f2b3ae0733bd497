/**
 * The same load for a long time, with one question: does anything grow that should not? Memory,
 * descriptors, timers and latency are looked at all the time, and each look is on disk before the next.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, payload, rate, toEverybody } from './params/load.ts';
import { timing, warmUpAndMeasure } from './params/timing.ts';

/** Looks in a soak of any length, unless it was said how far apart: more show nothing more of a slope. */
const LOOKS = 1_200;
const SHORTEST_MS = 1_000;

export const soak = defineScenario({
  name: 'soak',
  question: 'Does anything grow that should not when the load goes on and on?',
  params: {
    clients: clients(100, 'connected subscribers'),
    rate: rate(20, 'broadcasts per second'),
    payload: payload(128, 'bytes of one message'),
    interval: {
      type: 'durationMs',
      default: 0,
      min: 0,
      max: 3_600_000,
      help: `between two looks at memory, descriptors, timers and latency; 0ms takes a ${LOOKS.toLocaleString('en-US')}th of the duration, and no less than 1 s`,
    },
    ...timing,
    warmup: { ...timing.warmup, default: 2_000 },
    duration: {
      ...timing.duration,
      default: 100_000,
      help: 'measured time of each trial; leaks that are slow want --duration 24h',
    },
    deadline,
  },
  quick: { duration: 8_000, warmup: 300, interval: 200 },
  phases: (p) => {
    const load = toEverybody(p);
    const intervalMs = p.interval > 0 ? p.interval : Math.max(SHORTEST_MS, p.duration / LOOKS);
    return [
      { kind: 'connect', clients: p.clients },
      ...warmUpAndMeasure(p, { ...load, soak: { intervalMs } }, load),
    ];
  },
  arms: 'sse,ws',
  rounds: 1,
  headline: [
    'soak.memory.growth',
    'soak.heap.growth',
    'soak.descriptors',
    'soak.drift.p50',
    'server.cpu',
  ],
  explore: '--vary clients=50,200,800',
});
