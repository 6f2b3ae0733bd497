/**
 * Several people edit one document: small edits from everybody, to everybody who has it open. What only
 * this load has: all editors of a document must see its edits in one and the same order, which is checked.
 */
import { MIN_CHANNEL_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, rate } from './params/load.ts';
import { quickTiming, timing, warmUpAndMeasure } from './params/timing.ts';

export const collab = defineScenario({
  name: 'collab',
  question: 'How soon do all editors of a document see an edit, and do they agree on the order?',
  params: {
    clients: clients(100, 'connected editors, shared out over the documents'),
    editors: {
      type: 'count',
      default: 5,
      min: 2,
      max: 200,
      help: 'editors of one document; fewer where there are fewer clients',
    },
    rate: rate(400, 'edits per second, from all editors in turn'),
    payload: {
      type: 'sizeBytes',
      default: 96,
      min: MIN_CHANNEL_MESSAGE_BYTES,
      max: 65_536,
      help: 'bytes of one edit',
    },
    ...timing,
    deadline,
  },
  quick: quickTiming,
  phases: (p) => {
    const documents = Math.max(1, Math.floor(p.clients / p.editors));
    return [
      { kind: 'connect', clients: p.clients, rooms: documents, addressable: true },
      ...warmUpAndMeasure(p, {
        deadlineMs: p.deadline,
        publish: {
          ratePerS: p.rate,
          payloadBytes: p.payload,
          from: 'everyone',
          to: { kind: 'rooms', count: documents },
          ordered: true,
        },
      }),
    ];
  },
  headline: [
    'latency.p50',
    'latency.p99',
    'order.disagree',
    'delivery.reordered',
    'publish.bytes.up',
  ],
  explore: '--vary rate=100/s,400/s,800/s',
});
