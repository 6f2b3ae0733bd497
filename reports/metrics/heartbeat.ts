/** What finding silent peers took, on either side, and what it cost while nothing was wrong. */
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { BeatRecord } from '../../core/records/beat.ts';
import type { Trial } from '../../core/result.ts';
import type { Metric } from '../metric.ts';
import { timeUntil } from './fault.ts';

export type Side = 'server' | 'client';

/** CPU is told per so many connections. */
export const CROWD = 1_000;
const NS_PER_S = 1e9;

function time(side: Side, title: string, explain: string, quantile: number) {
  const of = (trials: readonly Trial[]): number | undefined => {
    const records = trials.flatMap((trial) => trial.beat ?? []);
    if (records.length === 0) return undefined;
    const merged = mergeHistograms(records.map((record) => decodeHistogram(record[side].times)));
    const missing = records.reduce(
      (sum, record) => sum + Math.max(0, record.confirmed.count - record[side].found),
      0,
    );
    return timeUntil(merged, missing, quantile);
  };
  return {
    title,
    unit: 'us',
    better: 'lower',
    explain,
    derive: (trial: Trial) => of([trial]),
    merge: of,
  } as const satisfies Metric;
}

function foundBy(side: Side) {
  return {
    title: `found by the ${side}`,
    unit: 'share',
    better: 'higher',
    explain: `connections in a black hole that the ${side} had taken for dead by the end, of all of them`,
    derive: ({ beat }: Trial) =>
      beat === undefined || beat.confirmed.count === 0
        ? undefined
        : Math.min(1, beat[side].found / beat.confirmed.count),
  } as const satisfies Metric;
}

/**
 * Share of a core that the heartbeats of the crowd take: what there is with them, less what there is without.
 * @returns undefined where there were none: the two windows would differ by noise alone
 */
export function beatCpu(record: BeatRecord): number | undefined {
  const { quiet, beating, connections, heartbeatMs } = record;
  if (connections === 0 || heartbeatMs === 0) return undefined;
  const share = beating.serverNs / beating.wallNs - quiet.serverNs / quiet.wallNs;
  return (share / connections) * CROWD;
}

/** Bytes on the wire per second and connection that they take, the same way. */
export function beatBytes(record: BeatRecord): number | undefined {
  const { quiet, beating, connections, heartbeatMs } = record;
  if (connections === 0 || heartbeatMs === 0) return undefined;
  const perNs = beating.bytes / beating.wallNs - quiet.bytes / quiet.wallNs;
  return (perNs * NS_PER_S) / connections;
}

export const heartbeatMetrics = {
  'heartbeat.server.found': foundBy('server'),
  'heartbeat.server.p50': time(
    'server',
    'server noticed p50',
    'from the moment the network swallowed everything until the server had ended half of the connections it hit',
    0.5,
  ),
  'heartbeat.server.max': time(
    'server',
    'server noticed all',
    'from the moment the network swallowed everything until the server had ended the last connection it hit; nothing where it did not end all of them',
    1,
  ),
  'heartbeat.client.found': foundBy('client'),
  'heartbeat.client.p50': time(
    'client',
    'clients noticed p50',
    'from the moment the network swallowed everything until half of the clients it hit had noticed',
    0.5,
  ),
  'heartbeat.client.max': time(
    'client',
    'clients noticed all',
    'from the moment the network swallowed everything until the last client it hit had noticed; nothing where one never did',
    1,
  ),
  'heartbeat.cpu': {
    title: `server CPU of heartbeats`,
    unit: 'core',
    better: 'lower',
    isDifference: true,
    explain: `CPU time of the server that heartbeats take per ${CROWD.toLocaleString('en-US')} connections on which nothing else happens, as a share of one core: with them, less what there is without them`,
    derive: ({ beat }) => (beat === undefined ? undefined : beatCpu(beat)),
  },
  'heartbeat.bytes': {
    title: 'bytes of heartbeats',
    unit: 'B/s',
    better: 'lower',
    explain:
      'bytes per second and connection that heartbeats take on the wire, answers and all headers included, both directions together',
    derive: ({ beat }) => (beat === undefined ? undefined : beatBytes(beat)),
  },
  'heartbeat.false-alarms': {
    title: 'false alarms',
    unit: 'count',
    better: 'lower',
    explain: 'connections that ended although nothing was wrong with them',
    derive: ({ beat }) => beat?.falseAlarms,
  },
} as const satisfies Record<string, Metric>;
