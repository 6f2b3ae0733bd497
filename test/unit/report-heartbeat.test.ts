/** What is said of silent peers, from trials made by hand whose figures are known. */
import { describe, expect, test } from 'vitest';
import { createProgress } from '../../cli/progress.ts';
import type { BeatRecord } from '../../core/records/beat.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { exploreCommand } from '../../reports/summary.ts';
import { fakeIo } from '../fake-io.ts';
import { histogramOf, runOf, trialOf } from '../trip-run.ts';

/** In µs: the server is told by the answer that does not come, and the client by silence. */
const FOUND_AT = [2_200_000, 3_100_000, 3_900_000];

function beat(
  arm: string,
  round: number,
  interval: number,
  changes: Partial<BeatRecord> = {},
): Trial {
  const serverFinds = arm === 'ws';
  return trialOf({
    arm,
    round,
    point: { interval },
    beat: {
      heartbeatMs: interval,
      pongTimeoutMs: 2_000,
      keepAliveMs: 0,
      silenceMs: 2 * interval + 500,
      connections: 500,
      quiet: { wallNs: 1e9, serverNs: 1e6, bytes: 0 },
      // 1 % of a core more for 500 connections, and 20 kB: 40 B a connection.
      beating: { wallNs: 1e9, serverNs: 11e6, bytes: 20_000, beats: 500 },
      planned: 3,
      confirmed: { by: 'the kernel', count: 3 },
      watchedMs: 8_000,
      server: { found: serverFinds ? 3 : 0, times: histogramOf(serverFinds ? FOUND_AT : []) },
      client: { found: 3, times: histogramOf(FOUND_AT.map((us) => us + 500_000)) },
      falseAlarms: 0,
      ...changes,
    },
    probes: { clients: 500 },
  });
}

const runWith = (trials: readonly Trial[]): RunResult =>
  runOf(trials, {
    scenario: {
      name: 'heartbeat',
      question: 'How long until either side notices?',
      headline: ['heartbeat.server.max', 'heartbeat.cpu'],
      explore: '--vary method=beat,keepalive',
    },
    params: { clients: 500 },
    points: [{ interval: 2_000 }, { interval: 4_000 }],
  });

const run = runWith(
  [2_000, 4_000].flatMap((interval) => [beat('sse', 0, interval), beat('ws', 0, interval)]),
);

describe('silent peers', () => {
  test('are what a log tells of a trial that delivers nothing', () => {
    const { io, said } = fakeIo({ columns: 200 });
    createProgress(io, () => 2).trial(beat('sse', 0, 2_000));
    expect(said.err).toBe(
      'round 1/2 sse interval=2000: of 3 dead peers the server found 0; 3 clients found that they were cut off\n',
    );
  });

  test('are explored by a sweep that takes the place of the one that was asked for', () => {
    const once = {
      ...runWith([beat('ws', 0, 2_000)]),
      points: [{ interval: 2_000 }],
      command: 'npm run bench heartbeat -- --vary interval=2s',
    };
    expect(exploreCommand(once)).toBe('npm run bench heartbeat -- --vary method=beat,keepalive');
  });

  test('of points that differ in something else are told apart', () => {
    const points = [
      { interval: 2_000, clients: 100 },
      { interval: 2_000, clients: 200 },
    ];
    const both = {
      ...runWith(points.map((point) => ({ ...beat('ws', 0, 2_000), point }))),
      points,
    };
    const rows = renderHtml(both).match(/<th scope="row"[^>]*>2\.00 s[^<]*/g) ?? [];
    expect([...new Set(rows.map((row) => row.replace(/.*>/, '')))]).toEqual([
      '2.00 s (clients=100)',
      '2.00 s (clients=200)',
    ]);
  });

  test('have their times and costs as metrics', () => {
    const { metrics } = beat('ws', 0, 2_000);
    expect(metrics['heartbeat.server.found']).toBe(1);
    // Histograms keep three digits.
    expect(metrics['heartbeat.server.max']).toBeCloseTo(3_900_000, -4);
    expect(metrics['heartbeat.client.p50']).toBeCloseTo(3_600_000, -4);
    expect(metrics['heartbeat.cpu']).toBeCloseTo(0.02, 9);
    expect(metrics['heartbeat.bytes']).toBeCloseTo(40, 9);
  });

  test('that were not all found have no time at which all were', () => {
    const { metrics } = beat('ws', 0, 2_000, {
      server: { found: 2, times: histogramOf(FOUND_AT.slice(0, 2)) },
    });
    expect(metrics['heartbeat.server.max']).toBeUndefined();
    expect(metrics['heartbeat.server.p50']).toBeCloseTo(3_100_000, -4);
    expect(metrics['heartbeat.server.found']).toBeCloseTo(2 / 3, 9);
  });

  test('of a sweep are told of in a row per protocol', () => {
    expect(answersOf(run)).toEqual([
      expect.stringMatching(
        /^With 2\.00 s, 4\.00 s between heartbeats, all dead peers had been noticed: over SSE its server did not notice all, the clients after 4\.40 s, 4\.40 s; over WebSocket its server after 3\.90 s, 3\.90 s, the clients after 4\.40 s, 4\.40 s\.$/,
      ),
      'While nothing is wrong, those heartbeats take over SSE 2.00 %, 2.00 % of a core per 1,000 connections and 40.0 B/s, 40.0 B/s on the wire for each; over WebSocket 2.00 %, 2.00 % of a core per 1,000 connections and 40.0 B/s, 40.0 B/s on the wire for each.',
      expect.stringContaining('The server of SSE found none: it only writes'),
    ]);
  });

  test('are told of with both protocols, and why SSE’s server finds none', () => {
    const [first = '', costs = ''] = answersOf({ ...run, points: run.points.slice(0, 1) });
    expect(first).toContain('With a heartbeat every 2.00 s and 2.00 s for its answer');
    expect(first).toContain('the server found none of 3 dead peers within 8.00 s (it only writes');
    expect(first).toMatch(/over WebSocket the server found all 3 dead peers after 2\.20 s to 3\.9/);
    expect(costs).toContain('2.00 % of a core per 1,000 connections and 40.0 B/s on the wire');
  });

  test('that were none are told of too', () => {
    const alarms = (falseAlarms: number): string =>
      answersOf(runWith([beat('ws', 0, 2_000, { falseAlarms })])).join(' ');
    expect(alarms(0)).not.toContain('although nothing was wrong');
    expect(alarms(1)).toContain('One connection was ended although nothing was wrong with it.');
    expect(alarms(2)).toContain('2 connections were ended although nothing was wrong with them.');
  });

  test('draw one chart over all intervals', () => {
    const page = renderHtml(run);
    expect(page).toContain('What finding out sooner costs');
    expect(page.match(/id="heartbeat-server"/g)).toHaveLength(1);
  });
});
