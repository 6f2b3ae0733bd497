/** The server asks, its clients answer: a round trip that starts at the other end. */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const ask = defineScenario({
  name: 'ask',
  question: 'How long does the server wait for a client it has asked, and what does that cost?',
  params: {
    clients: clients(200),
    rate: rate(500, 'questions per second, to the clients in turn'),
    payload: payload(128, 'bytes of one question, and of its answer'),
    work: {
      type: 'durationMs',
      default: 0,
      min: 0,
      max: 60_000,
      help: 'how long a client works before it answers',
    },
    'work-distribution': {
      type: 'choice',
      choices: ['constant', 'exponential'],
      default: 'constant',
      help: 'whether that is always as long, or random with this mean',
    },
    ...timing,
    timeout,
  },
  quick: quickTiming,
  phases: (p) => [
    { kind: 'connect', clients: p.clients, addressable: true },
    ...warmUpAndMeasure(p, {
      deadlineMs: p.timeout,
      ask: {
        ratePerS: p.rate,
        payloadBytes: p.payload,
        workMs: p.work,
        work: p['work-distribution'],
        parts: 0,
        gapMs: 0,
      },
    }),
  ],
  headline: ['ask.p50', 'ask.p99', 'ask.overhead.p50', 'trip.server.cpu', 'trip.bytes.up'],
  explore: '--vary rate=250/s,500/s,1000/s,2000/s',
});
