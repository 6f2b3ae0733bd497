/**
 * Jobs that report how far they are until they are done. What only this load has: steps at long intervals
 * that must come one after another and none missing, on connections that are quiet in between.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const progress = defineScenario({
  name: 'progress',
  question: 'Does every job tell each of its steps, in order and on time, until it is done?',
  params: {
    clients: clients(100),
    rate: rate(50, 'jobs started per second by all clients together'),
    steps: { type: 'count', default: 10, min: 1, max: 100_000, help: 'steps each job tells' },
    interval: {
      type: 'durationMs',
      default: 100,
      min: 0,
      max: 60_000,
      help: 'time between two steps',
    },
    status: { type: 'sizeBytes', default: 64, min: 1, max: 65_536, help: 'text of one step' },
    payload: payload(128, 'bytes of what starts a job'),
    ...timing,
    timeout: { ...timeout, default: 30_000 },
  },
  quick: quickTiming,
  phases: (p) => [
    { kind: 'connect', clients: p.clients, addressable: true },
    ...warmUpAndMeasure(p, {
      deadlineMs: p.timeout,
      request: {
        ratePerS: p.rate,
        payloadBytes: p.payload,
        answer: 'stream',
        work: { kind: 'parts', parts: p.steps, gapMs: p.interval, bytes: p.status },
        cancelShare: 0,
      },
    }),
  ],
  headline: [
    'request.p50',
    'request.gap.p99',
    'request.parts.missing',
    'request.parts.disorder',
    'trip.server.cpu',
  ],
  explore: '--vary interval=20ms,100ms,500ms',
});
