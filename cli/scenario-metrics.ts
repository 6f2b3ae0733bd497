/** Metrics that the phases of a scenario can never yield, and why: a limit on one would never have data. */
import type { LoadPhase, Phase } from '../core/scenario.ts';
import { flowOfPhases } from '../loadgen/offered-load.ts';

interface Rule {
  readonly of: RegExp;
  isThere(phases: readonly Phase[]): boolean;
  /** What the scenario lacks. */
  readonly without: string;
}

const measured = (phases: readonly Phase[]): LoadPhase[] =>
  phases.filter((phase): phase is LoadPhase => phase.kind === 'load' && phase.measured);

/** Only what is certain: a metric that no rule names may still have no data for other reasons. */
const rules: readonly Rule[] = [
  {
    of: /^ask\./,
    isThere: (phases) => measured(phases).some(({ ask }) => ask !== undefined),
    without: 'its server asks nothing',
  },
  {
    of: /^request\./,
    isThere: (phases) => measured(phases).some(({ request }) => request !== undefined),
    without: 'its clients request nothing',
  },
  {
    of: /^trip\./,
    isThere: (phases) => flowOfPhases(phases) !== 'delivery',
    without: 'it has no round trips alone',
  },
  {
    of: /^(reach$|throughput\.|(latency|spread|delivery|volume)\.)/,
    isThere: (phases) => measured(phases).some(({ publish }) => publish !== undefined),
    without: 'nothing is published in it',
  },
  {
    of: /^(stall|healthy)\./,
    isThere: (phases) => measured(phases).some(({ slow }) => slow?.kind === 'stall'),
    without: 'no client of it stalls',
  },
  {
    of: /^(reconnect|restart)\./,
    isThere: (phases) => measured(phases).some(({ fault }) => fault !== undefined),
    without: 'no connection is cut in it',
  },
  {
    of: /^soak\./,
    isThere: (phases) => measured(phases).some(({ soak }) => soak !== undefined),
    without: 'it is no soak',
  },
  {
    of: /^history\./,
    isThere: (phases) =>
      phases.some((phase) => phase.kind === 'connect' && phase.history !== undefined),
    without: 'its clients ask for no history',
  },
  {
    of: /^heartbeat\./,
    isThere: (phases) => phases.some(({ kind }) => kind === 'beat'),
    without: 'heartbeats are not what it measures',
  },
  {
    of: /^flood\./,
    isThere: (phases) => phases.some(({ kind }) => kind === 'flood'),
    without: 'its server never publishes as fast as it can',
  },
  {
    of: /^(idle\.|(server|proxy|kernel|generator)\.memory(\.|$))/,
    isThere: (phases) => phases.some(({ kind }) => kind === 'rest'),
    without: 'nobody rests in it',
  },
  {
    of: /^capacity\./,
    // A search is told from its probes, and no phase of it says so.
    isThere: () => false,
    without: "it looks for no limit, as 'npm run bench capacity' does",
  },
];

/**
 * @param trials the phases of each kind of trial that there will be
 * @returns why it can never be measured, as the rest of a sentence; undefined where it may be
 */
export function whyNeverMeasured(
  metric: string,
  trials: readonly (readonly Phase[])[],
): string | undefined {
  const rule = rules.find(({ of }) => of.test(metric));
  return rule === undefined || trials.some(rule.isThere) ? undefined : rule.without;
}
