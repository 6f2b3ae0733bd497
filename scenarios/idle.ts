/**
 * Connections on which nothing happens: what one costs in memory, as the slope over several counts, and
 * what all of them cost in CPU at each interval of heartbeats. No load, so no latency.
 */
import type { Phase } from '../core/scenario.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients } from './params/load.ts';

/** Intervals of heartbeats at which CPU is counted, s; 0 is none. The metrics are named after them. */
const HEARTBEATS_S = [0, 60, 30, 15, 5];
const WARM_UP_BEAT_MS = 500;
const WARM_UP_MS = 1_000;
/** Two points have a slope and nothing that says how straight the line is. */
const FEWEST_STEPS = 3;
const MOST_STEPS = 50;

export const idle = defineScenario({
  name: 'idle',
  question:
    'What does a connection cost on which nothing happens: memory in the server and the kernel, and CPU for its heartbeats?',
  params: {
    // At least one more in every step.
    clients: { ...clients(4_000, 'connections in the last and largest step'), min: MOST_STEPS },
    steps: {
      type: 'count',
      default: 4,
      min: FEWEST_STEPS,
      max: MOST_STEPS,
      help: 'numbers of connections at which memory is read, equally far apart',
    },
    settle: {
      type: 'durationMs',
      default: 2_000,
      min: 200,
      max: 600_000,
      help: 'how long memory may take at each step until it moves no more',
    },
    'cpu-window': {
      type: 'durationMs',
      default: 1_500,
      min: 0,
      max: 3_600_000,
      help: 'how long CPU is counted at each interval of heartbeats (none, 60, 30, 15 and 5 s), at least; 0ms leaves it out',
    },
  },
  quick: { clients: 1_500, steps: 3, 'cpu-window': 500 },
  phases: (p) => {
    const growing = Array.from({ length: p.steps }, (_, step): Phase[] => [
      {
        kind: 'connect',
        clients: Math.round((p.clients * (step + 1)) / p.steps),
        // All in the same way, the first ones too: their share of the generator's memory is the same then.
        adds: true,
      },
      { kind: 'rest', what: 'memory', durationMs: p.settle },
    ]);
    // The rare ones come first, and would be charged with compiling what the frequent ones then find compiled.
    const warmUp: Phase = {
      kind: 'rest',
      what: 'cpu',
      heartbeatMs: WARM_UP_BEAT_MS,
      durationMs: Math.min(WARM_UP_MS, p['cpu-window']),
      warmUp: true,
    };
    const beating = HEARTBEATS_S.map(
      (seconds): Phase => ({
        kind: 'rest',
        what: 'cpu',
        heartbeatMs: seconds * 1_000,
        durationMs: p['cpu-window'],
      }),
    );
    return [...growing.flat(), ...(p['cpu-window'] === 0 ? [] : [warmUp, ...beating])];
  },
  arms: 'sse,ws',
  rounds: 6,
  // Memory is read without them, and each interval sets its own.
  server: () => ({ heartbeatMs: 0 }),
  headline: ['server.memory', 'kernel.memory', 'generator.memory', 'idle.cpu.15s', 'idle.cpu.none'],
  explore: '--vary clients=2000,4000,8000',
});
