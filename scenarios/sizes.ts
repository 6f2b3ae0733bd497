/** What a message costs by its size: from a few bytes, which are mostly framing, to a megabyte, which is mostly copying. */
import { SMALLEST_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, payload, toEverybody } from './params/load.ts';
import { quickTiming, timing, warmUpAndMeasure } from './params/timing.ts';

/** Fewer than this in a trial of seconds would be nothing to measure. */
const LOWEST_PER_S = 2;

export const sizes = defineScenario({
  name: 'sizes',
  question:
    'What do a byte and a message cost from 16 B to 1 MiB, and where do the protocols cross?',
  params: {
    clients: clients(20, 'connected subscribers'),
    payload: payload(1_024, 'bytes of one message', SMALLEST_MESSAGE_BYTES),
    volume: {
      type: 'sizeBytes',
      default: 64 * 1_048_576,
      min: 1_024,
      max: 2 ** 34,
      help: `payload per second to all clients together; it decides the rate of each size, which is at least ${LOWEST_PER_S}/s`,
    },
    'max-rate': {
      type: 'ratePerS',
      default: 500,
      min: LOWEST_PER_S,
      max: 100_000,
      help: 'broadcasts per second of messages too small to make up the volume',
    },
    ...timing,
    warmup: { ...timing.warmup, default: 300 },
    duration: { ...timing.duration, default: 1_000 },
    flood: {
      type: 'durationMs',
      default: 500,
      min: 0,
      max: 60_000,
      help: 'how long the server then publishes as fast as its clients take it; 0ms leaves that out',
    },
    deadline,
  },
  quick: { ...quickTiming, duration: 1_000, flood: 300 },
  phases: (p) => {
    const wanted = p.volume / (p.payload * p.clients);
    const rate = Math.min(p['max-rate'], Math.max(LOWEST_PER_S, wanted));
    return [
      { kind: 'connect', clients: p.clients },
      ...warmUpAndMeasure(p, toEverybody({ ...p, rate })),
      ...(p.flood === 0
        ? []
        : [{ kind: 'flood', durationMs: p.flood, payloadBytes: p.payload } as const]),
    ];
  },
  // A session that holds a few of the largest messages is not slow.
  server: () => ({ bufferLimitBytes: 16 * 1_048_576 }),
  arms: 'sse,ws',
  rounds: 6,
  vary: 'payload=16B,64B,256B,1KiB,4KiB,16KiB,64KiB,256KiB,1MiB',
  headline: ['server.cpu', 'generator.cpu', 'wire.bytes', 'flood.bytes'],
  explore: '--vary payload=16B,64B,256B,1KiB,4KiB,16KiB,64KiB,256KiB,1MiB',
});
