/** One publisher, everybody listens: the load both protocols were made for. */
import { MIN_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { pacings } from '../core/schedule.ts';

export const broadcast = defineScenario({
  name: 'broadcast',
  question: 'How long does a message take to reach every subscriber, and what does that cost?',
  params: {
    clients: { type: 'count', default: 500, min: 1, max: 1_000_000, help: 'connected subscribers' },
    rate: {
      type: 'ratePerS',
      default: 50,
      min: 0.1,
      max: 100_000,
      help: 'broadcasts per second',
    },
    payload: {
      type: 'sizeBytes',
      default: 128,
      min: MIN_MESSAGE_BYTES,
      max: 16 * 1_048_576,
      help: 'bytes of one message, the same on every transport',
    },
    warmup: {
      type: 'durationMs',
      default: 1_000,
      min: 0,
      max: 3_600_000,
      help: 'load before the measurement starts, kept apart from it',
    },
    duration: {
      type: 'durationMs',
      default: 4_000,
      min: 100,
      max: 86_400_000,
      help: 'measured time of each trial',
    },
    pacing: {
      type: 'choice',
      choices: pacings,
      default: 'constant',
      help: 'gaps between messages: all equal, or random as of independent senders',
    },
    'publish-from': {
      type: 'choice',
      choices: ['server', 'client'],
      default: 'server',
      help: 'who publishes: the server itself, or a client through the upstream of its transport',
    },
    deadline: {
      type: 'durationMs',
      default: 5_000,
      min: 10,
      max: 60_000,
      help: 'a delivery later than this after its due time counts as late',
    },
  },
  quick: { duration: 2_000, warmup: 300 },
  phases: (p) => {
    const load = {
      kind: 'publish',
      ratePerS: p.rate,
      payloadBytes: p.payload,
      pacing: p.pacing,
      publishFrom: p['publish-from'],
      deadlineMs: p.deadline,
    } as const;
    return [
      { kind: 'connect', clients: p.clients },
      ...(p.warmup > 0 ? [{ ...load, measured: false, durationMs: p.warmup }] : []),
      { ...load, measured: true, durationMs: p.duration },
    ];
  },
  headline: ['latency.p50', 'latency.p99', 'spread.last.p50', 'server.cpu', 'wire.bytes'],
  explore: '--vary clients=100,500,1000,2000',
});
