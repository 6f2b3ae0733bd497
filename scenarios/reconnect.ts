/**
 * A cut in the middle of a broadcast, and the way back. What only this load has: connections end that
 * nobody asked to end, all at one moment, and whoever was on them comes back as its strategy says.
 */
import { fault } from '../core/errors.ts';
import type { Comeback, FaultPlan } from '../core/scenario.ts';
import { defineScenario } from '../core/scenario.ts';
import { formatDurationMs } from '../core/units.ts';
import { cap, KEPT, patientDeadline, resume, retry } from './params/comeback.ts';
import { clients, payload, rate, toEverybody } from './params/load.ts';
import { timing, warmUpAndMeasure } from './params/timing.ts';

/** By when everybody has noticed a silence, in its own length: it begins with the fault, and is looked for in steps. */
const NOTICED_AFTER = 1.25;

/** Whether neither end is told of it. */
const isSilent = (cut: FaultPlan['cut']): boolean => cut === 'black-hole' || cut === 'half-open';

export const reconnect = defineScenario({
  name: 'reconnect',
  question:
    'After a cut, how long until everybody is back, what does the herd cost, and what is lost?',
  params: {
    clients: clients(500, 'connected subscribers'),
    rate: rate(10, 'broadcasts per second'),
    payload: payload(128, 'bytes of one message'),
    cut: {
      type: 'choice',
      choices: ['rst', 'fin', 'half-open', 'restart', 'black-hole'],
      default: 'rst',
      help: 'how connections end: reset, ended in good order, forwarded no more, with the server, or in a network that drops everything',
    },
    share: {
      type: 'share',
      default: 1,
      min: 0.001,
      max: 1,
      help: 'clients that are cut off; a restart always takes all',
    },
    at: {
      type: 'durationMs',
      default: 2_000,
      min: 0,
      max: 86_400_000,
      help: 'when it happens, after the start of the measurement',
    },
    for: {
      type: 'durationMs',
      default: 1_000,
      min: 0,
      max: 3_600_000,
      help: 'how long nobody is let in after it: the offline window that no strategy can beat; of a black hole also how long it lasts, so more than --silence',
    },
    strategy: {
      type: 'choice',
      choices: ['full-jitter', 'fixed', 'server', 'none'],
      default: 'full-jitter',
      help: 'when clients try again: at random below a limit that doubles, after a fixed wait as an EventSource, when the server told each of them to, or never',
    },
    retry: retry(
      'the fixed wait; what the server tells, give or take half; the first limit of the random wait',
    ),
    cap,
    resume,
    silence: {
      type: 'durationMs',
      default: 2_000,
      min: 0,
      max: 600_000,
      help: 'a client that has heard nothing so long takes its connection for dead; 0 never does',
    },
    ...timing,
    duration: { ...timing.duration, default: 8_000 },
    deadline: patientDeadline,
  },
  quick: { duration: 6_000, warmup: 300, at: 1_000, clients: 200 },
  phases: (p) => {
    if (p.at + p.for >= p.duration) {
      throw fault('bad-value', {
        flag: '--duration',
        problem: `a fault at ${formatDurationMs(p.at)} that lasts ${formatDurationMs(p.for)} is not over within ${formatDurationMs(p.duration)}`,
      });
    }
    if (p.cut !== 'restart' && Math.round(p.share * p.clients) === 0) {
      throw fault('bad-value', {
        flag: '--share',
        problem: `${p.share * 100} % of ${p.clients} clients is nobody, so nothing would be cut`,
      });
    }
    const leastMs = Math.ceil(p.silence * NOTICED_AFTER);
    if (p.cut === 'black-hole' && p.for < leastMs) {
      throw fault('bad-value', {
        flag: '--for',
        problem: `a black hole of ${formatDurationMs(p.for)} is over before clients that wait ${formatDurationMs(p.silence)} (--silence) have all taken their connection for dead; it has to last ${formatDurationMs(leastMs)} or longer`,
      });
    }
    if (isSilent(p.cut) && p.silence === 0) {
      throw fault('bad-value', {
        flag: '--silence',
        problem: `nobody is told of a cut by ${p.cut}, and clients that do not listen for silence (0ms) never notice it`,
      });
    }
    const comeback: Comeback = {
      strategy: p.strategy,
      baseMs: p.retry,
      capMs: p.cap,
      resume: p.resume === 'on',
      silenceMs: p.silence,
    };
    const plan: FaultPlan = {
      cut: p.cut,
      atMs: p.at,
      forMs: p.for,
      share: p.share,
      comeback,
    };
    const load = toEverybody(p);
    return [
      { kind: 'connect', clients: p.clients },
      ...warmUpAndMeasure(p, { ...load, fault: plan }, load),
    ];
  },
  arms: 'sse,ws',
  rounds: 8,
  server: (p) => ({
    replay: p.resume === 'on' ? KEPT : 0,
    retryMs: p.strategy === 'server' ? p.retry : 0,
    // At most half of what is taken for dead, or a quiet load would be.
    heartbeatMs: Math.floor(p.silence / 3),
  }),
  headline: [
    'reconnect.back.p50',
    'reconnect.back.p99',
    'reconnect.first.p99',
    'reconnect.handshake.p99',
    'reconnect.cpu',
  ],
  explore: '--vary strategy=fixed,server,full-jitter',
});
