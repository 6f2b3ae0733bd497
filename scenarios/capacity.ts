/** How far it goes: the highest load that meets an objective, found by trials and not by extrapolation. */
import { defineScenario } from '../core/scenario.ts';
import { clients, payload, rate, toEverybody } from './params/load.ts';
import { timing, warmUpAndMeasure } from './params/timing.ts';

export const capacity = defineScenario({
  name: 'capacity',
  question: 'How many messages, or how many clients, can be served before an objective is missed?',
  params: {
    search: {
      type: 'choice',
      choices: ['rate', 'clients'],
      default: 'rate',
      help: 'what is raised until the objective is missed',
    },
    objective: {
      type: 'text',
      placeholder: 'metric<limit,…',
      default: 'latency.p99<50ms,reach=1',
      help: "what every load has to keep to, beside being a valid trial; 'npm run list' shows the metrics",
    },
    clients: clients(100, 'connected subscribers; with --search clients, where the search begins'),
    rate: rate(100, 'broadcasts per second; with --search rate, where the search begins'),
    'max-clients': clients(50_000, 'most clients that are tried, as far as files and ports allow'),
    'max-rate': rate(20_000, 'highest rate that is tried'),
    step: {
      type: 'count',
      default: 2,
      min: 2,
      max: 10,
      help: 'factor between loads until one misses the objective',
    },
    resolution: {
      type: 'share',
      default: 0.1,
      min: 0.01,
      max: 1,
      help: 'the search ends when the first load that fails is at most this much above the last that passed',
    },
    retries: {
      type: 'count',
      default: 2,
      min: 0,
      max: 10,
      help: 'how often a load is tried again because the machine was busy with something else',
    },
    payload: payload(128, 'bytes of one message'),
    warmup: { ...timing.warmup, default: 300 },
    duration: { ...timing.duration, default: 2_000, help: 'measured time of each step' },
    pacing: timing.pacing,
    deadline: {
      type: 'durationMs',
      default: 1_000,
      min: 10,
      max: 60_000,
      help: 'a delivery later than this counts as late; a step waits as long for what is missing',
    },
  },
  quick: { duration: 1_000, resolution: 0.3 },
  phases: (p) => [{ kind: 'connect', clients: p.clients }, ...warmUpAndMeasure(p, toEverybody(p))],
  search: (p) => ({
    param: p.search,
    ...(p.search === 'rate'
      ? { unit: '/s', from: p.rate, to: p['max-rate'] }
      : { unit: 'count', from: p.clients, to: p['max-clients'] }),
    objective: p.objective,
    factor: p.step,
    resolution: p.resolution,
    retries: p.retries,
  }),
  arms: 'sse,ws',
  rounds: 1,
  headline: ['capacity.rate', 'capacity.clients'],
  explore: '--vary payload=128B,1KiB,8KiB',
});
