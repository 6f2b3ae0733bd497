/** `probe` against servers and paths whose behaviour is known: what it reports, hides and leaves behind. */
import { describe, expect, test } from 'vitest';
import { measureIdleCut } from '../../loadgen/probing/idle-cut.ts';
import { measureLeave } from '../../loadgen/probing/leave.ts';
import { startPath } from '../probe-path.ts';
import { endpointAt, probeJson, startProbe } from '../probe-run.ts';
import { runProgram, startProgram } from '../program.ts';
import { startStreaming } from '../streaming-server.ts';
import { startTestOrigin } from '../test-origin.ts';

describe('an endpoint without a fault', () => {
  test.concurrent('an event stream is found by its answer, and described', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const address = `${server.http}/events?every=60&stamp&comment=500`;
    const found = await probeJson(address, '--max', '2s', '--connections', '12');
    expect(found).toMatchObject({
      transport: 'sse',
      url: `${server.http}/events?every=…&stamp&comment=…`,
      head: {
        status: 200,
        httpVersion: '1.1',
        hops: [{ name: 'server', value: 'somebody/1.0' }],
        cacheControl: 'no-cache',
        compression: {},
      },
      events: { evidence: 'send-times' },
      idle: { verdict: { kind: 'none', cuts: 0 } },
      heartbeats: [{ kind: 'comment', sample: 'still here' }],
    });
    // Twelve in all, of which four are watched: more of the same stream would show nothing more.
    expect(server.requests).toHaveLength(1 + 3 + 1 + 4);
    const agents = server.requests.map(({ headers }) => headers['user-agent']);
    expect(new Set(agents)).toEqual(
      new Set([expect.stringMatching(/^pushbench\/\S+ \(\+probe\)$/)]),
    );
  });

  test.concurrent('a WebSocket behind http: is found by its upgrade, and told what to say', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const run = startProbe([`${server.http}/socket`, '--max', '1s', '--send', 'subscribe']);
    expect(await run.code).toBe(0);
    expect(run.out()).toContain('/socket is a WebSocket.');
    expect(run.out()).toContain('Compression: permessage-deflate when asked for, none otherwise.');
    expect(run.out()).toMatch(/8 connections watched for .*, none cut\./);
    expect(run.out()).toContain('None came. An endpoint that never sends is no error');
    // On each that is watched, and on no other.
    expect(server.messages).toEqual(Array(8).fill('subscribe'));
    // One GET, then one upgrade to see, three heads, one compressed, one for pings, and those watched.
    expect(server.requests).toHaveLength(1 + 1 + 3 + 1 + 1 + 8);
  });

  test.concurrent('a stream that is soon over is not taken for one that is cut', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const run = startProbe([`${server.http}/events?every=20&end=100`, '--max', '20s']);
    expect(await run.code).toBe(0);
    expect(run.out()).toContain('The server ended 4 connections by itself, in good order');
    expect(run.out()).toContain('there is no idle time to be kept open');
  });
});

describe('a path with a fault', () => {
  test.concurrent('a path that swallows loses what is sent into it, and tells nobody', async ({
    onTestFinished,
  }) => {
    const ours = await startTestOrigin(onTestFinished);
    const port = await startPath(
      ours.port,
      { idle: { of: 'both', ms: 2_500 }, cut: 'swallow' },
      onTestFinished,
    );
    const found = await measureIdleCut({
      endpoint: endpointAt(port, 'ws'),
      origin: ours,
      silences: [100, 5_000],
      direction: 'both',
      graceMs: 2_400,
    });
    expect(found.cutMs).toBeUndefined();
    expect(found.trials).toMatchObject([
      { outcome: 'survived', lostEvents: 0 },
      { outcome: 'swallowed', end: { how: 'swallowed' }, lostEvents: 1, originToldMs: undefined },
    ]);
  });

  test.concurrent.for(['close', 'drop', 'reset'] as const)(
    'an origin is told of a client that leaves by %s',
    async (how, { onTestFinished }) => {
      const ours = await startTestOrigin(onTestFinished);
      const port = await startPath(ours.port, {}, onTestFinished);
      const found = await measureLeave({
        endpoint: endpointAt(port, 'ws'),
        origin: ours,
        how,
        limitMs: 30_000,
      });
      expect(found.toldAfterMs).toBeLessThan(4_000);
    },
  );

  test.concurrent('an origin behind a path that swallows is not told', async ({
    onTestFinished,
  }) => {
    const ours = await startTestOrigin(onTestFinished);
    const port = await startPath(ours.port, { age: { ms: 0 }, cut: 'swallow' }, onTestFinished);
    const endpoint = endpointAt(port, 'sse');
    const found = await measureLeave({
      endpoint,
      origin: ours,
      how: 'drop',
      speakEveryMs: 50,
      limitMs: 3_000,
    });
    expect(found.toldAfterMs).toBeUndefined();
    expect(found.sentInVain).toBeGreaterThan(0);
  });
});

describe('manners', () => {
  test.concurrent('more than 30 connections are asked for at a terminal, and a no is a no', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const run = startProbe([`${server.http}/events`, '--connections', '40'], ['no']);
    expect(await run.code).toBe(2);
    expect(run.err()).toContain('Open 40 connections to 127.0.0.1:');
    expect(server.requests).toHaveLength(0);
    const yes = startProbe(
      [`${server.http}/events`, '--connections', '40', '--max', '1s'],
      ['yes'],
    );
    expect(await yes.code).toBe(0);
  });

  test.concurrent('Ctrl-C ends at once and tells what is known', async ({ onTestFinished }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const run = startProbe([`${server.ws}/socket`, '--max', '5m']);
    await run.says('watching 8 connections for up to 300 s');
    const at = performance.now();
    run.interrupt();
    expect(await run.code).toBe(130);
    // Of five minutes.
    expect(performance.now() - at).toBeLessThan(4_000);
    expect(run.out()).toContain('is a WebSocket.');
    expect(run.out()).toContain('Interrupted after');
  });

  test('the real program ends by itself, and at once by a signal', async () => {
    const server = await startStreaming();
    const address = `${server.ws}/socket`;
    const finished = await runProgram(['probe', address, '--max', '1s', '--json']);
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(finished.stdout)).toMatchObject({ transport: 'ws' });
    const program = startProgram(['probe', address, '--max', '5m']);
    await program.says('watching 8 connections');
    program.child.kill('SIGINT');
    const { code, stdout } = await program.finished;
    expect(code).toBe(130);
    expect(stdout).toContain('Interrupted after');
    expect(program.processes()).toEqual([]);
  });

  test.concurrent('what was given as a secret is never printed, not even when a server repeats it', async ({
    onTestFinished,
  }) => {
    const server = await startStreaming(undefined, onTestFinished);
    const address = `${server.http.replace('://', '://me:pass-word-1@')}/events?echo&token=query-token-2`;
    const header = 'Authorization: Bearer header-token-3';
    for (const more of [[], ['--json']]) {
      const run = startProbe([address, '--header', header, '--max', '1s', ...more]);
      expect(await run.code).toBe(0);
      const all = run.out() + run.err();
      expect(all).toContain(more.length === 0 ? 'via: …' : '"value": "…"');
      expect(all).not.toMatch(/pass-word-1|query-token-2|header-token-3/);
    }
    const [first] = server.requests;
    expect(first?.headers.authorization).toBe('Bearer header-token-3');
    expect(first?.url).toContain('token=query-token-2');
  });
});
