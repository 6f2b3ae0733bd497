/**
 * What `probe` says of delays, clumps, cuts and heartbeats that are made so on purpose. Each bound is the tolerance
 * for what a machine with nothing else to do adds.
 */
import { describe, expect, test } from 'vitest';
import { measureArrivals } from '../../loadgen/probing/arrivals.ts';
import { measureIdleCut } from '../../loadgen/probing/idle-cut.ts';
import { startPath } from '../probe-path.ts';
import { endpointAt, probeJson, startProbe } from '../probe-run.ts';
import { startStreaming } from '../streaming-server.ts';
import { startTestOrigin } from '../test-origin.ts';

describe('a server', () => {
  test.concurrent('whose comments are its heartbeat, between events that come apart', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const address = `${server.http}/events?every=60&stamp&comment=500`;
    const found = await probeJson(address, '--max', '2s', '--connections', '12');
    expect(found.events).toMatchObject({ verdict: 'apart', clumped: 0 });
    expect(found.heartbeats[0]?.everyMs).toBeGreaterThan(400);
    expect(found.heartbeats[0]?.everyMs).toBeLessThan(600);
  });

  test.concurrent('pings of a server are its heartbeat, and limit what can be seen', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const run = startProbe([`${server.ws}/socket?ping=200`, '--max', '1500ms']);
    expect(await run.code).toBe(0);
    expect(run.out()).toMatch(/Heartbeats +WebSocket pings every \d+ ms/);
    expect(run.out()).toContain('The server speaks by itself, so a timer longer than');
    expect(run.out()).toMatch(/Keep the heartbeat of (19\d|20\d|21\d) ms/);
  });

  test.concurrent('a head that waits is late, and does not hold up the others', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const run = startProbe([`${server.http}/events?head=400`, '--max', '1s']);
    expect(await run.code).toBe(0);
    expect(run.out()).toContain('The head is late');
    expect(run.out()).toMatch(/4 connections watched for (1\.\d+ s|9\d\d ms), none cut/);
  });
});

describe('a path with a fault', () => {
  test.concurrent.for(['sse', 'ws'] as const)(
    'a delay of 40 ms is seen over %s, and no clumps',
    async (transport, { onTestFinished }) => {
      const ours = await startTestOrigin(onTestFinished);
      const port = await startPath(ours.port, { delayMs: 40 }, onTestFinished);
      const endpoint = endpointAt(port, transport);
      const found = await measureArrivals({ endpoint, origin: ours, count: 15, everyMs: 30 });
      expect(found).toMatchObject({ sent: 15, missing: 0, verdict: 'apart', groupSize: 1 });
      expect(found.delayMs?.min).toBeGreaterThanOrEqual(39);
      expect(found.delayMs?.p50).toBeLessThan(60);
    },
  );

  test.concurrent.for(['sse', 'ws'] as const)(
    'clumps of three are seen over %s',
    async (transport, { onTestFinished }) => {
      const ours = await startTestOrigin(onTestFinished);
      // What an origin sends first besides events: a comment with the head of a stream.
      const port = await startPath(ours.port, { clump: 3 }, onTestFinished);
      const endpoint = endpointAt(port, transport);
      const found = await measureArrivals({
        endpoint,
        origin: ours,
        count: 18,
        everyMs: 40,
        graceMs: 300,
      });
      expect(found).toMatchObject({
        verdict: 'clumped',
        evidence: 'send-times',
        groupSize: 3,
        largest: 3,
      });
      expect(found.heldMs).toBeGreaterThan(70);
    },
  );

  test.concurrent.for([
    ['sse', 'both'],
    ['ws', 'both'],
    ['ws', 'server'],
    ['ws', 'client'],
  ] as const)(
    'a cut over %s after 1.2 s in which %s was silent is bracketed',
    async ([transport, of], { onTestFinished }) => {
      const ours = await startTestOrigin(onTestFinished);
      const port = await startPath(
        ours.port,
        { idle: { of, ms: 1_200 }, cut: 'rst' },
        onTestFinished,
      );
      const found = await measureIdleCut({
        endpoint: endpointAt(port, transport),
        origin: ours,
        silences: [300, 1_800, 2_000],
        direction: of,
      });
      expect(found).toMatchObject({ survivedMs: 300, notSurvivedMs: 1_800 });
      expect(found.cutMs).toBeGreaterThan(1_100);
      expect(found.cutMs).toBeLessThan(1_700);
      expect(found.trials.map(({ outcome, end }) => [outcome, end.how])).toEqual([
        ['survived', 'open'],
        ['cut', 'reset'],
        ['cut', 'reset'],
      ]);
    },
  );

  test.concurrent('the silence of the server is told from that of both sides', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const [of, either] = [
      await startPath(server.port, { idle: { of: 'server', ms: 1_200 } }, onTestFinished),
      await startPath(server.port, { idle: { of: 'both', ms: 1_200 }, cut: 'rst' }, onTestFinished),
    ];
    const runs = [of, either].map((port) =>
      startProbe([`ws://127.0.0.1:${port}/socket`, '--max', '4s']),
    );
    await Promise.all(runs.map(({ code }) => code));
    const [first, second] = runs.map((run) => run.out());
    const seconds = /Cut after ([\d.]+) s of silence, on [4-8] of 8 connections/.exec(
      first ?? '',
    )?.[1];
    expect(Math.abs(Number(seconds) - 1.2)).toBeLessThan(0.3);
    expect(first).toContain('TCP closed and no close frame (what browsers call 1006)');
    expect(first).toContain('It is the silence of the server that counts');
    expect(first).toContain('Let the server send a WebSocket ping every 500 ms');
    expect(second).toContain('a TCP reset (what browsers call 1006)');
    expect(second).toContain('What the client says keeps it open');
  });

  test.concurrent('a limit on age is not taken for one on silence', async ({ onTestFinished }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const port = await startPath(server.port, { age: { ms: 900 } }, onTestFinished);
    const found = await probeJson(`ws://127.0.0.1:${port}/socket?every=100`, '--max', '3s');
    expect(found.idle.verdict).toMatchObject({ kind: 'age', cuts: 8 });
    expect(found.idle.verdict.cutMs).toBeGreaterThan(800);
    expect(found.advice.says[0]).toContain('Heartbeats do not help');
  });
});
