/**
 * `tail -f`: the last lines at once, then every line as it is written. What only this load has: a history
 * that each client is to get exactly once when it connects, and the time until it has it.
 */
import { MIN_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, rate, toEverybody } from './params/load.ts';
import { quickTiming, timing, warmUpAndMeasure } from './params/timing.ts';

export const logs = defineScenario({
  name: 'logs',
  question: 'How soon does a tail that connects have the history, and then each new line?',
  params: {
    clients: clients(10, 'tails that follow the log'),
    rate: rate(1_000, 'lines per second'),
    history: {
      type: 'count',
      default: 1_000,
      min: 0,
      max: 100_000,
      help: 'lines of before that each tail wants',
    },
    payload: {
      type: 'sizeBytes',
      default: 160,
      min: MIN_MESSAGE_BYTES,
      max: 65_536,
      help: 'bytes of one line; the server keeps 16 MiB of them',
    },
    ...timing,
    deadline,
  },
  quick: quickTiming,
  phases: (p) => [
    {
      kind: 'connect',
      clients: p.clients,
      history: p.history,
      // More than anybody wants, so that only the last of them must come.
      prefill: {
        messages: p.history + Math.ceil(p.history / 2),
        payloadBytes: p.payload,
        deadlineMs: p.deadline,
      },
    },
    ...warmUpAndMeasure(p, toEverybody(p)),
  ],
  server: ({ history }) => ({ replay: history }),
  headline: ['history.p50', 'history.missing', 'latency.p50', 'latency.p99', 'server.cpu'],
  explore: '--vary history=0,100,1000,10000',
});
