/**
 * The server asks a client for a long piece of work, as a server of the Model Context Protocol asks for a
 * completion. What only this load has: answers that stream up in parts, each of them a POST beside SSE.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const sampling = defineScenario({
  name: 'sampling',
  question: 'How soon does an answer that a client works out reach the server, part by part?',
  params: {
    clients: clients(50),
    rate: rate(50, 'questions per second, to the clients in turn'),
    work: {
      type: 'durationMs',
      default: 200,
      min: 0,
      max: 600_000,
      help: 'how long a client works before the first part',
    },
    parts: { type: 'count', default: 10, min: 1, max: 10_000, help: 'parts of each answer' },
    gap: { type: 'durationMs', default: 20, min: 0, max: 60_000, help: 'time between two parts' },
    payload: payload(128, 'bytes of one question, of each part, and of the end'),
    ...timing,
    timeout: { ...timeout, default: 30_000 },
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
        work: 'constant',
        parts: p.parts,
        gapMs: p.gap,
      },
    }),
  ],
  headline: ['ask.p50', 'ask.first.p50', 'ask.gap.p50', 'ask.gap.p99', 'trip.bytes.up'],
  explore: '--vary parts=1,10,50',
});
