/** What is said of silent peers, from trials made by hand whose figures are known. */
import { describe, expect, test } from 'vitest';
import { createProgress } from '../../cli/progress.ts';
import type { BeatRecord } from '../../core/records/beat.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { exploreCommand } from '../../reports/summary.ts';
import { fakeIo } from '../fake-io.ts';
import { armOf, histogramOf, runOf, trialOf } from '../trip-run.ts';

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
      'With a heartbeat every 2.00 s, 4.00 s, after the network had begun to swallow everything, over SSE the server found none of the dead peers and the clients found all of the dead peers after 4.40 s, 4.40 s; over WebSocket the server found all of the dead peers after 3.90 s, 3.90 s and the clients found all of the dead peers after 4.40 s, 4.40 s.',
      'While nothing is wrong, a heartbeat every 2.00 s, 4.00 s takes over SSE 2.00 %, 2.00 % of a core per 1,000 connections and 40.0 B/s, 40.0 B/s on the wire for each; over WebSocket 2.00 %, 2.00 % of a core per 1,000 connections and 40.0 B/s, 40.0 B/s on the wire for each.',
      expect.stringContaining('With its heartbeats the server of SSE found none: it only writes'),
    ]);
  });

  test('that one point of a sweep did not find are told of at that point', () => {
    const some = { found: 2, times: histogramOf(FOUND_AT.slice(0, 2)) };
    const [first] = answersOf(
      runWith([beat('ws', 0, 2_000), beat('ws', 0, 4_000, { server: some })]),
    );
    expect(first).toContain(
      'the server found all of the dead peers after 3.90 s with a heartbeat every 2.00 s, found 2 of 3 dead peers with a heartbeat every 4.00 s and the clients found all of the dead peers after 4.40 s, 4.40 s.',
    );
  });

  describe('by heartbeats and by TCP', () => {
    const points = [{ method: 'beat' }, { method: 'keepalive' }];
    const all = { found: 3, times: histogramOf(FOUND_AT) };
    const none = { found: 0, times: histogramOf([]) };
    const probes = { heartbeatMs: 0, keepAliveMs: 2_000, silenceMs: 0, server: all, client: none };
    const byMethod = (arms: readonly string[]): RunResult => ({
      ...runWith(
        arms.flatMap((arm) => [
          { ...beat(arm, 0, 2_000), point: { method: 'beat' } },
          { ...beat(arm, 0, 2_000, probes), point: { method: 'keepalive' } },
        ]),
      ),
      points,
    });

    test('have each time beside what it is of', () => {
      expect(answersOf(byMethod(['sse', 'ws']))).toEqual([
        'With a heartbeat every 2.00 s, and with TCP keep-alive after 2.00 s of silence, after the network had begun to swallow everything, ' +
          'over SSE the server found none of the dead peers with a heartbeat every 2.00 s, found all of the dead peers after 3.90 s with TCP keep-alive after 2.00 s of silence ' +
          'and the clients found all of the dead peers after 4.40 s with a heartbeat every 2.00 s, were not told to look with TCP keep-alive after 2.00 s of silence; ' +
          'over WebSocket the server found all of the dead peers after 3.90 s with a heartbeat every 2.00 s, found all of the dead peers after 3.90 s with TCP keep-alive after 2.00 s of silence ' +
          'and the clients found all of the dead peers after 4.40 s with a heartbeat every 2.00 s, were not told to look with TCP keep-alive after 2.00 s of silence.',
        'While nothing is wrong, a heartbeat every 2.00 s takes over SSE 2.00 % of a core per 1,000 connections and 40.0 B/s on the wire for each; over WebSocket 2.00 % of a core per 1,000 connections and 40.0 B/s on the wire for each.',
        'TCP’s own probes are the kernel’s work: they are in neither the CPU nor the bytes of heartbeats.',
        'With its heartbeats the server of SSE found none: it only writes, so it waits until the kernel gives up sending again, which takes minutes.',
      ]);
    });

    test('have no cost where nothing was sent', () => {
      const { metrics } = beat('ws', 0, 2_000, probes);
      expect([metrics['heartbeat.cpu'], metrics['heartbeat.bytes']]).toEqual([
        undefined,
        undefined,
      ]);
    });

    test('stand side by side on the axis, under names of their own', () => {
      const rows = renderHtml(byMethod(['ws'])).match(/<th scope="row"[^>]*>[^<]*2\.00 s[^<]*/g);
      expect([...new Set(rows?.map((row) => row.replace(/.*>/, '')))]).toEqual([
        '2.00 s',
        'keep-alive after 2.00 s',
      ]);
    });

    test('name every server that only writes', () => {
      const two = byMethod(['sse', 'raw']);
      const answers = answersOf({ ...two, arms: [...two.arms, armOf('raw', 'raw TCP')] });
      expect(answers.join(' ')).toContain(
        'With their heartbeats the servers of SSE, raw TCP found none: they only write',
      );
    });
  });

  test('are told of with both protocols, and why SSE’s server finds none', () => {
    const [first = '', costs = ''] = answersOf({ ...run, points: run.points.slice(0, 1) });
    expect(first).toContain('With a heartbeat every 2.00 s and 2.00 s for its answer');
    expect(first).toContain('the server found none of 3 dead peers within 8.00 s (it only writes');
    expect(first).toMatch(/over WebSocket the server found all 3 dead peers after 2\.20 s to 3\.9/);
    expect(costs).toContain('2.00 % of a core per 1,000 connections and 40.0 B/s on the wire');
  });

  test('whose cost is lost in noise in a round are not compared by it, and that is said', () => {
    const rounds = [0, 1, 2, 3, 4, 5];
    const noisy = { beating: { wallNs: 1e9, serverNs: 1e6, bytes: 20_000, beats: 500 } };
    const { comparisons } = runWith(
      rounds.flatMap((round) => [
        beat('sse', round, 2_000, round === 3 ? noisy : {}),
        beat('ws', round, 2_000),
      ]),
    );
    const ofCpu = comparisons.filter(({ metric }) => metric === 'heartbeat.cpu');
    expect(ofCpu.map(({ verdict, ratio, rounds }) => [verdict, ratio, rounds])).toEqual([
      ['not-comparable', undefined, 6],
    ]);
    expect(ofCpu[0]?.says).toContain('in 1 of 6 rounds it is not above zero, which is noise');
    const ofBytes = comparisons.filter(({ metric }) => metric === 'heartbeat.bytes');
    expect(ofBytes.map(({ verdict }) => verdict)).toEqual(['same']);
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
