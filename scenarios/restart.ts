/**
 * The processes of a server are replaced one after the other, in the middle of a broadcast: drained in good
 * order, or killed. What only this load has: somebody serves all the time, so nobody needs to be refused,
 * and whoever comes back does so to another process than the one that knew it.
 */
import type { Comeback, FaultPlan } from '../core/scenario.ts';
import { defineScenario } from '../core/scenario.ts';
import { cap, KEPT, patientDeadline, resume, retry } from './params/comeback.ts';
import { clients, payload, rate, toEverybody } from './params/load.ts';
import { timing, warmUpAndMeasure } from './params/timing.ts';

/** The way of the second variant; '' is asked for by nobody and means the way of the arm. */
const WAYS = ['drain', 'kill'] as const;

export const restart = defineScenario({
  name: 'restart',
  question:
    'When the processes of a server are replaced one by one, how long is a client away, and is anything lost?',
  params: {
    clients: clients(300, 'connected subscribers'),
    rate: rate(20, 'broadcasts per second'),
    payload: payload(128, 'bytes of one message'),
    way: {
      type: 'choice',
      choices: WAYS,
      default: 'drain',
      help: 'how a process ends, in the arms that carry no name for it; the others are killed',
    },
    at: {
      type: 'share',
      default: 0.15,
      min: 0,
      max: 0.9,
      help: 'when the first process is replaced, as a share of the measured time',
    },
    drain: {
      type: 'durationMs',
      default: 1_000,
      min: 100,
      max: 600_000,
      help: 'how long a process that is drained has to send its clients away, the slow ones in the second half of it',
    },
    settle: {
      type: 'durationMs',
      default: 6_000,
      min: 0,
      max: 600_000,
      help: 'how long everybody may take to come back before the next process is replaced all the same; longer than any wait',
    },
    retry: retry(
      'the first limit of the random wait after a kill; after a drain the server says when to come back',
    ),
    cap,
    resume,
    ...timing,
    warmup: { ...timing.warmup, default: 500 },
    duration: { ...timing.duration, default: 7_000 },
    deadline: patientDeadline,
  },
  quick: { warmup: 300, clients: 100 },
  phases: (p) => {
    const comeback: Comeback = {
      strategy: p.way === 'drain' ? 'server' : 'full-jitter',
      baseMs: p.retry,
      capMs: p.cap,
      resume: p.resume === 'on',
      silenceMs: 0,
    };
    const plan: FaultPlan = {
      cut: p.way === 'drain' ? 'drain' : 'rolling-kill',
      atMs: p.at * p.duration,
      forMs: 0,
      share: 1,
      comeback,
      roll: { deadlineMs: p.drain, settleMs: p.settle },
    };
    const load = toEverybody(p);
    return [
      { kind: 'connect', clients: p.clients },
      ...warmUpAndMeasure(p, { ...load, fault: plan }, load),
    ];
  },
  arms: 'sse,ws',
  rounds: 6,
  variants: (p) =>
    p.way === 'drain'
      ? [
          { name: '', title: 'drained', values: { way: 'drain' } },
          { name: 'kill', title: 'killed', values: { way: 'kill' } },
        ]
      : [],
  server: (p) => ({ processes: 2, replay: p.resume === 'on' ? KEPT : 0 }),
  headline: [
    'restart.outage.p50',
    'restart.outage.p99',
    'restart.cuts',
    'reconnect.herd',
    'reconnect.cpu',
  ],
  explore: '--vary clients=100,300,1000',
});
