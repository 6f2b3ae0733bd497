/** What is judged of a trial that only listened for silence: that the silence came about, and nobody else was hit. */
import type { Rule } from './validity.ts';

export const beatRules: readonly Rule[] = [
  {
    id: 'fault-confirmed',
    title: 'connections that the fault hit, off the number that was planned',
    unit: 'count',
    bad: 'above',
    value: ({ beat }) =>
      beat === undefined ? undefined : Math.abs(beat.confirmed.count - beat.planned),
    invalid: 0,
    broken: 'the fault did not come about as it was planned',
  },
  {
    id: 'beaten',
    title: 'heartbeats sent, of those that were due',
    unit: 'share',
    bad: 'below',
    skip: ({ beat }) => (beat?.heartbeatMs === 0 ? 'there were to be none' : undefined),
    value: ({ beat }) =>
      beat === undefined || beat.heartbeatMs === 0
        ? undefined
        : beat.beating.beats /
          ((beat.connections * beat.beating.wallNs) / (beat.heartbeatMs * 1e6)),
    suspect: 0.9,
    invalid: 0.5,
    broken: 'the server beat more slowly than it was told to; try fewer --clients',
  },
];
