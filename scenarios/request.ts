/** Clients ask, the server answers at once: what each protocol makes of a plain round trip. */
import { MIN_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const request = defineScenario({
  name: 'request',
  question: 'How long does a client wait for the answer to a request, and what does that cost?',
  params: {
    clients: { type: 'count', default: 200, min: 1, max: 1_000_000, help: 'connected clients' },
    rate: {
      type: 'ratePerS',
      default: 500,
      min: 0.1,
      max: 100_000,
      help: 'round trips per second of all clients together',
    },
    payload: {
      type: 'sizeBytes',
      default: 128,
      min: MIN_MESSAGE_BYTES,
      max: 1_048_576,
      help: 'bytes of one request, and of its answer',
    },
    answer: {
      type: 'choice',
      choices: ['stream', 'response'],
      default: 'stream',
      help: 'where SSE gets its answer: on the stream, or in the response to the POST',
    },
    ...timing,
    timeout,
  },
  quick: quickTiming,
  phases: (p) => [
    { kind: 'connect', clients: p.clients, addressable: true },
    ...warmUpAndMeasure(p, {
      deadlineMs: p.timeout,
      request: {
        ratePerS: p.rate,
        payloadBytes: p.payload,
        answer: p.answer,
        work: { kind: 'echo' },
        cancelShare: 0,
      },
    }),
  ],
  headline: [
    'request.p50',
    'request.p99',
    'trip.server.cpu',
    'trip.generator.cpu',
    'trip.bytes.up',
  ],
  explore: '--vary rate=250/s,500/s,1000/s,2000/s',
});
