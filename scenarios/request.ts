/** Clients ask, the server answers at once: what each protocol makes of a plain round trip. */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const request = defineScenario({
  name: 'request',
  question: 'How long does a client wait for the answer to a request, and what does that cost?',
  params: {
    clients: clients(200),
    rate: rate(500, 'round trips per second of all clients together'),
    payload: payload(128, 'bytes of one request, and of its answer'),
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
