/** Both ends ask at the same time: round trips up and down on the same connections. */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const duplex = defineScenario({
  name: 'duplex',
  question: 'What do round trips that start at either end do to each other?',
  params: {
    clients: clients(200),
    rate: rate(1_000, 'round trips per second, those of both ends together'),
    ratio: {
      type: 'share',
      default: 0.5,
      min: 0,
      max: 1,
      help: 'share of the round trips that a client starts',
    },
    payload: payload(128, 'bytes of one request or question, and of its answer'),
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
  phases: (p) => {
    const ofClients = p.rate * p.ratio;
    const ofServer = p.rate - ofClients;
    return [
      { kind: 'connect', clients: p.clients, addressable: true },
      ...warmUpAndMeasure(p, {
        deadlineMs: p.timeout,
        ...(ofClients > 0
          ? {
              request: {
                ratePerS: ofClients,
                payloadBytes: p.payload,
                answer: p.answer,
                work: { kind: 'echo' },
                cancelShare: 0,
              },
            }
          : {}),
        ...(ofServer > 0
          ? {
              ask: {
                ratePerS: ofServer,
                payloadBytes: p.payload,
                workMs: 0,
                work: 'constant',
                parts: 0,
                gapMs: 0,
              },
            }
          : {}),
      }),
    ];
  },
  headline: ['request.p50', 'ask.p50', 'request.p99', 'ask.p99', 'trip.server.cpu'],
  explore: '--vary ratio=10%,50%,90%',
});
