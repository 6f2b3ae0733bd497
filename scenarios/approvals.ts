/**
 * The server needs a yes, and a person takes seconds to give it. What only this load has: questions that
 * stay open for longer than anything else, many at a time, of which the person's share is taken off.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const approvals = defineScenario({
  name: 'approvals',
  question: 'What does the way to a person and back add to the time the person takes?',
  params: {
    clients: clients(200, 'people who are connected'),
    rate: rate(100, 'questions per second, to the people in turn'),
    work: {
      type: 'durationMs',
      default: 1_000,
      min: 0,
      max: 600_000,
      help: 'how long a person takes on average; the times are exponential',
    },
    payload: payload(256, 'bytes of one question, and of its answer'),
    ...timing,
    // The last person needs about six times as long as the average one, which comes on top of it.
    duration: { ...timing.duration, default: 2_000 },
    timeout: { ...timeout, default: 30_000 },
  },
  quick: { ...quickTiming, work: 300 },
  phases: (p) => {
    const asking = (workMs: number) => ({
      deadlineMs: p.timeout,
      ask: {
        ratePerS: p.rate,
        payloadBytes: p.payload,
        workMs,
        work: 'exponential' as const,
        parts: 0,
        gapMs: 0,
      },
    });
    return [
      { kind: 'connect', clients: p.clients, addressable: true },
      // People need no warm-up.
      ...warmUpAndMeasure(p, asking(p.work), asking(0)),
    ];
  },
  headline: [
    'ask.overhead.p50',
    'ask.overhead.p99',
    'ask.timeouts',
    'trip.server.cpu',
    'trip.bytes.up',
  ],
  explore: '--vary rate=50/s,100/s,200/s,400/s',
});
