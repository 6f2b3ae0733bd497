/** What is said of cuts and of restarts, from trials made by hand whose figures are known. */
import { describe, expect, test } from 'vitest';
import type { FaultRecord } from '../../core/records/fault.ts';
import type { Arm, RunResult, Trial } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { histogramOf, NO_LEDGER, runOf, trialOf } from '../trip-run.ts';

const EXPECTED = 1_000;

/** Ten of ten clients cut at 1 s, noticed at once, back after 0.4 to 1.3 s in steps of 0.1 s. */
function faultOf(changes: Partial<FaultRecord> = {}): FaultRecord {
  const backs = Array.from({ length: 10 }, (_, client) => 400_000 + 100_000 * client);
  return {
    cut: 'rst',
    strategy: 'full-jitter',
    resume: true,
    planned: 10,
    confirmed: { by: 'the log of the relay', count: 10, atMs: 1_000 },
    mendedAtMs: 1_300,
    noticed: 10,
    early: 0,
    away: 0,
    detected: histogramOf(backs.map(() => 1_000)),
    back: histogramOf(backs),
    outage: histogramOf(backs),
    firstMessage: histogramOf(backs.map((us) => us + 10_000)),
    handshake: histogramOf(backs.map(() => 2_000)),
    attempts: 12,
    refused: 2,
    refusals: [{ cause: 'connect ECONNREFUSED 127.0.0.1:4000', count: 2 }],
    gaps: 0,
    replayed: 70,
    timeline: Array.from({ length: 30 }, (_, step) => ({
      ms: 100 * step,
      connected: step < 10 || step >= 24 ? 10 : Math.max(0, step - 13),
      attempts: step >= 12 && step < 24 ? 1 : 0,
      refused: step === 12 || step === 13 ? 1 : 0,
      missing: 0,
      serverCpu: step === 14 ? 0.5 : 0.1,
    })),
    ...changes,
  };
}

const trial = (arm: string, fault: FaultRecord, ledger: Partial<Trial['ledger']> = {}): Trial =>
  trialOf({
    arm,
    fault,
    flow: 'delivery',
    ledger: { ...NO_LEDGER, expected: EXPECTED, received: EXPECTED, ...ledger },
  });

function runWith(name: string, trials: readonly Trial[], arms?: readonly Arm[]): RunResult {
  const run = runOf(trials, {
    scenario: { name, question: 'How long?', headline: ['reconnect.back.p50'], explore: '' },
    params: { clients: 10, rate: 10, payload: 128 },
  });
  return arms === undefined ? run : { ...run, arms: [...arms] };
}

describe('a cut', () => {
  const run = runWith('reconnect', [
    trial('sse', faultOf()),
    trial('ws', faultOf({ replayed: 1_234 })),
  ]);

  test('is answered by when everybody was back, what the herd cost, and that nothing was lost', () => {
    const [back, price] = answersOf(run);
    // The last tenth of a hundredth is what three digits of a histogram leave.
    expect(back).toBe(
      'After 10 connections were reset and nobody was let in for 300 ms, half, 99 of 100 and the last of the clients were back: SSE after 800 ms, 1.30 s and 1.30 s; WebSocket after 800 ms, 1.30 s and 1.30 s.',
    );
    expect(price).toBe(
      'The herd: SSE 10 attempts in the busiest second and 50.0 % of a core in the busiest 100 ms of the server; WebSocket 10 attempts in the busiest second and 50.0 % of a core in the busiest 100 ms of the server. Nothing was lost, nothing came twice or out of order; replayed: 70 over SSE, 1,234 over WebSocket.',
    );
  });

  test('has the figures of the herd by themselves', () => {
    expect(run.trials[0]?.metrics).toMatchObject({
      'reconnect.herd': 10,
      'reconnect.refused.herd': 2,
      'reconnect.refused': 2,
      'reconnect.attempts': 12,
      'reconnect.cpu': 0.5,
    });
  });

  test('after which some stay away, lose or get twice says how many, and what was to be expected', () => {
    const fault = faultOf({
      resume: false,
      away: 3,
      back: histogramOf([400_000, 500_000]),
      loss: { predicted: 95, found: 100 },
    });
    const ledger = { received: 900, lost: 100, duplicated: 4, reordered: 1_500 };
    const [back = '', price = ''] = answersOf(
      runWith('reconnect', [trial('sse', fault, ledger), trial('ws', faultOf())]),
    );
    // Two of ten came back: nobody knows when half of them were.
    expect(back).toContain('SSE nobody; WebSocket after 800 ms');
    expect(back).toContain('Never back: 3 over SSE.');
    expect(back).toContain('They were not given what they missed.');
    expect(price).toContain(
      'Lost: SSE 10.0 % of all deliveries (the time away predicts 9.50 %), 4 came twice, 1,500 out of order.',
    );
  });

  test('is drawn over the time, with the window and the attempts below', () => {
    const page = renderHtml(run);
    for (const heading of [
      'Connected clients',
      'Attempts to connect, in 100 ms',
      'Of them refused',
      'CPU of the server, share of a core',
    ]) {
      expect(page).toContain(heading);
    }
    expect(page).toContain(
      'Zero all the time or not measured, so not drawn: deliveries due then that never came.',
    );
    expect(page).toContain('What was cut: 10 connections in each trial, says the log of the relay');
    // Ports differ from trial to trial, and are no cause.
    expect(page).toMatch(/<td[^>]*>connect ECONNREFUSED<\/td>/);
    // The band from the cut until somebody is let in again, in the specification of each panel.
    expect(page.match(/\{"at":1,"to":1\.3\}/g)).toHaveLength(4);
  });
});

describe('a restart', () => {
  const arms: Arm[] = runWith('restart', []).arms.flatMap((arm) => [
    arm,
    { ...arm, name: `${arm.name}-kill`, title: `${arm.title}, killed`, variant: 'kill' },
  ]);
  const drained = faultOf({ cut: 'drain', strategy: 'server', refused: 0, noticed: 15 });
  const killed = faultOf({ cut: 'rolling-kill', refused: 7, replayed: 5, noticed: 20 });

  test('is told of by the way in which processes end, and never as a sum of both', () => {
    const [away, price] = answersOf(
      runWith(
        'restart',
        [
          trial('sse', drained),
          trial('sse-kill', killed),
          trial('ws', drained),
          trial('ws-kill', { ...killed, refused: 0 }),
        ],
        arms,
      ),
    );
    expect(away).toBe(
      'With the processes drained, and clients told when to come back, a client was away for 800 ms in the median and 1.30 s at most over SSE, 800 ms in the median and 1.30 s at most over WebSocket. With the processes killed, and clients trying again at random, a client was away for 800 ms in the median and 1.30 s at most over SSE, 800 ms in the median and 1.30 s at most over WebSocket.',
    );
    expect(price).toContain(
      'Nothing was lost, nothing came twice or out of order; replayed by another process than the one that had been there before: 70 (SSE, drained), 5 (SSE, killed), 70 (WebSocket, drained), 5 (WebSocket, killed).',
    );
    expect(price).toContain('1.50 times (SSE, drained), 2 times (SSE, killed)');
    expect(price).toContain('Attempts refused: 7 (SSE, killed).');
  });

  test('on a route is told of without the way, which the sentence says already', () => {
    const routed = arms.map((arm) => ({
      ...arm,
      name: `${arm.name}@nginx`,
      title: `${arm.title} through nginx`,
      route: 'nginx',
    }));
    const trials = [trial('sse@nginx', drained), trial('sse-kill@nginx', killed)];
    const [away] = answersOf(runWith('restart', trials, routed));
    expect(away).toMatch(/1\.30 s at most over SSE through nginx\. .* over SSE through nginx\.$/);
  });

  test('without replay says what was lost, and what was to be expected', () => {
    const lossy = { ...killed, resume: false, loss: { predicted: 180, found: 200 } };
    const answers = answersOf(
      runWith(
        'restart',
        [trial('sse-kill', lossy, { received: 800, lost: 200 }), trial('ws-kill', killed)],
        arms,
      ),
    );
    expect(answers.join(' ')).toContain(
      'SSE, killed: 20.0 % of all deliveries lost (the time away predicts 18.0 %).',
    );
  });
});
