/**
 * Clients that do not keep up, beside others that do. What only this load has: in the middle of a broadcast a
 * share of the clients stops reading, or reads a trickle, until the kernel takes no more for them and the
 * server's policy for slow sessions has to act; then they read again.
 */
import { fault } from '../core/errors.ts';
import type { Stall } from '../core/scenario.ts';
import { defineScenario } from '../core/scenario.ts';
import { clients, deadline, payload, rate, toEverybody } from './params/load.ts';
import { timing, warmUpAndMeasure } from './params/timing.ts';

export const backpressure = defineScenario({
  name: 'backpressure',
  question:
    'When some clients stop reading, what do the others notice, what does the server pay, and what becomes of the slow ones?',
  params: {
    // At this rate and payload twice as many keep the generator's core busy enough to be in its own way.
    clients: clients(10, 'connected subscribers'),
    rate: rate(100, 'broadcasts per second'),
    payload: payload(65_536, 'bytes of one message'),
    stalled: {
      type: 'share',
      default: 0.1,
      min: 0,
      max: 1,
      help: 'clients that do not keep up: the last ones',
    },
    crowd: {
      type: 'choice',
      choices: ['stalls', 'reads'],
      default: 'stalls',
      help: 'whether they stop; with stalls every arm is also run as calm, in which they read on, and reads runs that only',
    },
    read: {
      type: 'sizeBytes',
      default: 0,
      min: 0,
      max: 1_073_741_824,
      help: 'bytes per second that each of them still reads meanwhile; 0B stops altogether',
    },
    at: {
      type: 'durationMs',
      default: 1_000,
      min: 0,
      max: 86_400_000,
      help: 'when they stop, after the start of the measurement',
    },
    stall: {
      type: 'durationMs',
      default: 4_000,
      min: 10,
      max: 3_600_000,
      help: 'how long; with --rate and --payload it says how much each is offered, and 16 MiB is little, since the kernel alone takes several',
    },
    ...timing,
    duration: { ...timing.duration, default: 7_000 },
    deadline,
  },
  quick: { duration: 5_000, warmup: 300, at: 300 },
  phases: (p) => {
    if (p.at + p.stall >= p.duration) {
      throw fault('bad-value', {
        flag: '--duration',
        problem: `a stall at ${p.at} ms that lasts ${p.stall} ms is not over within ${p.duration} ms`,
      });
    }
    const load = toEverybody(p);
    const slow: Stall = {
      kind: 'stall',
      share: p.stalled,
      stalls: p.crowd === 'stalls' && p.stalled > 0,
      atMs: p.at,
      forMs: p.stall,
      readBytesPerS: p.read,
    };
    return [
      { kind: 'connect', clients: p.clients },
      ...warmUpAndMeasure(p, { ...load, slow }, load),
    ];
  },
  arms: 'sse,ws',
  rounds: 6,
  // Without any who stall there is nothing to hold against anything.
  variants: (p) =>
    p.crowd === 'reads' || p.stalled === 0
      ? []
      : [
          { name: '', title: '', values: {} },
          { name: 'calm', title: 'nobody stalls', values: { crowd: 'reads' } },
        ],
  headline: ['healthy.p50', 'healthy.p99', 'healthy.reach', 'stall.memory', 'stall.caughtup'],
  explore: '--vary stalled=5%,10%,25%',
});
