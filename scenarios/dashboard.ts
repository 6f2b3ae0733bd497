/**
 * A dashboard: many metrics change, each client looks at a window of them, and now and then somebody
 * presses a button. What only this load has: filters, and deliveries and requests on one connection.
 */
import { MIN_CHANNEL_MESSAGE_BYTES } from '../core/message.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, payload } from './params/load.ts';
import { quickTiming, timeout, timing, warmUpAndMeasure } from './params/timing.ts';

export const dashboard = defineScenario({
  name: 'dashboard',
  question:
    'Do updates that each client filters and actions that clients take get in each other’s way?',
  params: {
    clients: clients(100, 'dashboards that are open'),
    metrics: { type: 'count', default: 100, min: 1, max: 100_000, help: 'metrics there are' },
    window: {
      type: 'count',
      default: 20,
      min: 1,
      max: 1_000,
      help: 'metrics each client looks at',
    },
    updates: {
      type: 'ratePerS',
      default: 5,
      min: 1,
      max: 10,
      help: 'updates per second of each metric',
    },
    actions: {
      type: 'ratePerS',
      default: 50,
      min: 0.1,
      max: 100_000,
      help: 'control actions per second of all clients together',
    },
    payload: payload(128, 'bytes of one update, and of one action', MIN_CHANNEL_MESSAGE_BYTES),
    ...timing,
    timeout,
  },
  quick: quickTiming,
  phases: (p) => {
    const each = Math.min(p.window, p.metrics);
    return [
      {
        kind: 'connect',
        clients: p.clients,
        keys: { of: p.metrics, each },
        addressable: true,
      },
      ...warmUpAndMeasure(p, {
        deadlineMs: p.timeout,
        publish: {
          ratePerS: p.metrics * p.updates,
          payloadBytes: p.payload,
          from: 'server',
          to: { kind: 'keys', count: p.metrics, each },
        },
        request: {
          ratePerS: p.actions,
          payloadBytes: p.payload,
          answer: 'stream',
          work: { kind: 'echo' },
          cancelShare: 0,
        },
      }),
    ];
  },
  headline: ['latency.p50', 'latency.p99', 'request.p50', 'request.p99', 'server.busy'],
  explore: '--vary updates=1/s,2/s,5/s,10/s',
});
