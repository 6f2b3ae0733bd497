/**
 * Chat rooms: everybody reads and everybody writes. What only this load has: messages go up from all
 * clients and are fanned out to a room each at the same time, so a protocol pays for both ways at once.
 */
import { MIN_CHANNEL_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, payload, rate } from './params/load.ts';
import { quickTiming, timing, warmUpAndMeasure } from './params/timing.ts';

export const chat = defineScenario({
  name: 'chat',
  question: 'What does it cost when everybody in a room both writes and reads?',
  params: {
    clients: clients(200, 'connected clients, shared out over the rooms'),
    members: {
      type: 'count',
      default: 20,
      min: 2,
      max: 200,
      help: 'clients in a room; fewer where there are fewer clients',
    },
    rate: rate(200, 'messages per second, from all clients in turn'),
    payload: payload(128, 'bytes of one message', MIN_CHANNEL_MESSAGE_BYTES),
    ...timing,
    deadline,
  },
  quick: quickTiming,
  phases: (p) => {
    const rooms = Math.max(1, Math.floor(p.clients / p.members));
    return [
      { kind: 'connect', clients: p.clients, rooms, addressable: true },
      ...warmUpAndMeasure(p, {
        deadlineMs: p.deadline,
        publish: {
          ratePerS: p.rate,
          payloadBytes: p.payload,
          from: 'everyone',
          to: { kind: 'rooms', count: rooms },
        },
      }),
    ];
  },
  headline: ['latency.p50', 'latency.p99', 'spread.last.p50', 'publish.bytes.up', 'server.cpu'],
  explore: '--vary members=2,20,100,200',
});
