/** One publisher, everybody listens: the load both protocols were made for. */
import { MIN_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, rate, toEverybody } from './params/load.ts';
import { quickTiming, timing, warmUpAndMeasure } from './params/timing.ts';

export const broadcast = defineScenario({
  name: 'broadcast',
  question: 'How long does a message take to reach every subscriber, and what does that cost?',
  params: {
    clients: clients(500, 'connected subscribers'),
    rate: rate(50, 'broadcasts per second'),
    payload: {
      type: 'sizeBytes',
      default: 128,
      min: MIN_MESSAGE_BYTES,
      max: 16 * 1_048_576,
      help: 'bytes of one message, the same on every transport',
    },
    ...timing,
    'publish-from': {
      type: 'choice',
      choices: ['server', 'client'],
      default: 'server',
      help: 'who publishes: the server itself, or a client through the upstream of its transport',
    },
    deadline,
  },
  quick: quickTiming,
  // Of many broadcasts, and far from what a server can do: a p99 of 200 broadcasts is two of them, and one of a
  // server at half of its capacity is the queue in front of it. Either hides 5 ms.
  gate: { clients: 100, rate: 200 },
  phases: (p) => [
    { kind: 'connect', clients: p.clients },
    ...warmUpAndMeasure(p, toEverybody(p, p['publish-from'])),
  ],
  headline: ['latency.p50', 'latency.p99', 'spread.last.p50', 'server.cpu', 'wire.bytes'],
  explore: '--vary clients=100,500,1000,2000',
});
