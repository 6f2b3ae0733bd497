/**
 * A large crowd that is only there, and now and then a private message that is acknowledged. What only this
 * load has: a server that does next to nothing, so that what its idle connections cost can be seen.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const notifications = defineScenario({
  name: 'notifications',
  question: 'What does an idle crowd cost, and how soon does a private message reach one of it?',
  params: {
    clients: clients(1_000, 'connected clients, almost all of them idle'),
    rate: rate(50, 'private messages per second, each answered by a receipt'),
    payload: payload(256, 'bytes of one message, and of its receipt'),
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
        workMs: 0,
        work: 'constant',
        parts: 0,
        gapMs: 0,
      },
    }),
  ],
  headline: ['ask.p50', 'ask.p99', 'server.busy', 'server.rss', 'connect.p99'],
  explore: '--vary clients=500,1000,2000,4000',
});
