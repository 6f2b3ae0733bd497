/**
 * A language model that answers token by token, each client its own. What only this load has: streams that
 * their reader gives up half-way, and what still comes of them.
 */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const llmTokens = defineScenario({
  name: 'llm-tokens',
  question: 'How soon do the tokens of an answer come, how evenly, and how many in vain?',
  params: {
    clients: clients(100),
    rate: rate(50, 'prompts per second of all clients together'),
    tokens: { type: 'count', default: 50, min: 1, max: 100_000, help: 'tokens of each answer' },
    gap: { type: 'durationMs', default: 20, min: 0, max: 60_000, help: 'time between two tokens' },
    cancel: {
      type: 'share',
      default: 0.1,
      min: 0,
      max: 1,
      help: 'share of the answers that are given up half-way',
    },
    token: { type: 'sizeBytes', default: 6, min: 1, max: 65_536, help: 'text of one token' },
    payload: payload(512, 'bytes of one prompt'),
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
        work: { kind: 'parts', parts: p.tokens, gapMs: p.gap, bytes: p.token },
        cancelShare: p.cancel,
      },
    }),
  ],
  headline: [
    'request.first.p50',
    'request.first.p99',
    'request.gap.p99',
    'request.parts',
    'request.wasted',
  ],
  explore: '--vary rate=25/s,50/s,100/s,200/s',
});
