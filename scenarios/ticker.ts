/**
 * Quotes that change faster than some can read. What only this load has: readers that stop reading, for
 * whom the server keeps the latest quote of each symbol and leaves out those before it.
 */
import { MIN_CHANNEL_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, payload, rate } from './params/load.ts';
import { quickTiming, timing, warmUpAndMeasure } from './params/timing.ts';

export const ticker = defineScenario({
  name: 'ticker',
  question:
    'What do readers who cannot keep up with the latest quotes cost, and do they end up to date?',
  params: {
    clients: clients(10, 'readers'),
    symbols: {
      type: 'count',
      default: 20,
      min: 1,
      max: 10_000,
      help: 'keys there are quotes for; every reader gets all',
    },
    rate: rate(500, 'quotes per second, of the symbols in turn'),
    payload: payload(
      16_384,
      'bytes of one quote, with its order book; what is small fits into the buffers of the system',
      MIN_CHANNEL_MESSAGE_BYTES,
    ),
    slow: {
      type: 'share',
      default: 0.2,
      min: 0,
      max: 1,
      help: 'share of the readers that read only now and then',
    },
    pause: {
      type: 'durationMs',
      default: 1_500,
      min: 1,
      max: 60_000,
      help: 'how long those do not read',
    },
    read: {
      type: 'durationMs',
      default: 250,
      min: 1,
      max: 60_000,
      help: 'how long they read in between',
    },
    ...timing,
    deadline,
  },
  quick: quickTiming,
  phases: (p) => [
    { kind: 'connect', clients: p.clients },
    ...warmUpAndMeasure(p, {
      deadlineMs: p.deadline,
      publish: {
        ratePerS: p.rate,
        payloadBytes: p.payload,
        from: 'server',
        to: { kind: 'keys', count: p.symbols, each: p.symbols },
      },
      slow: { share: p.slow, pauseMs: p.pause, readMs: p.read },
    }),
  ],
  server: () => ({ policy: 'keep-latest' }),
  headline: ['latency.p50', 'drops.coalesced', 'stale.clients', 'server.cpu', 'wire.bytes'],
  explore: '--vary slow=0%,20%,50%',
});
