/**
 * A network that swallows everything, seen from outside, and how long the server takes to notice: with a
 * ping every 2 s and 2 s for the pong, 2 to 4 s, and 0.3 s more for timers of a busy machine. A ping whose pong
 * was on its way when it happened makes it less than 2 s, by as long as a pong takes. With TCP keep-alive after
 * 1 s of silence the kernel sends ten probes, a second apart, and gives up a second after the last: the first
 * is due within a second of the fault, so 10 to 11 s; each of its timers may be some 30 ms late, 0.5 s in all.
 */
import { expect, test } from 'vitest';
import { decodeHistogram, valueAtQuantile } from '../../core/histogram.ts';
import { runResultSchema } from '../../core/result.ts';
import { createNetwork, namespacesUnavailable } from '../../loadgen/namespaces.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const TOLERANCE_US = 300_000;
const KERNEL_TIMERS_US = 500_000;
const PONG_US = 50_000;
const out = temporaryFolder();
const unavailable = await namespacesUnavailable();
const why = unavailable === undefined ? '' : ` (skipped: ${unavailable})`;

test.skipIf(unavailable !== undefined)(
  `the kernel counts what goes in, and nothing that comes out${why}`,
  async () => {
    const network = await createNetwork();
    try {
      expect(await network.doomedState()).toBe('UP');
      await network.setDoomed('down');
      expect(await network.doomedState()).toBe('DOWN');
      expect(await network.established('doomed')).toBe(0);
      expect((await network.traffic('clients', 'doomed')).packetsIn).toBe(0);
    } finally {
      await network.remove();
    }
  },
);

test.skipIf(unavailable !== undefined)(
  `with a ping every 2 s and 2 s for the pong dead peers are found after 2 to 4 s${why}`,
  async () => {
    const { stdout, stderr, code } = await runProgram([
      ...'bench heartbeat --clients 100 --arms ws --rounds 1 --vary interval=2s'.split(' '),
      ...'--pong 2s --window 500ms --watch 6s --json --out'.split(' '),
      out,
    ]);
    expect([0, 5], stderr).toContain(code);
    const [beat] = runResultSchema
      .parse(JSON.parse(stdout))
      .trials.flatMap(({ beat }) => beat ?? []);
    expect(beat).toMatchObject({ planned: 50, confirmed: { count: 50 }, server: { found: 50 } });
    const times = decodeHistogram(beat?.server.times ?? '');
    expect(valueAtQuantile(times, 0)).toBeGreaterThanOrEqual(2_000_000 - PONG_US);
    expect(valueAtQuantile(times, 1)).toBeLessThanOrEqual(4_000_000 + TOLERANCE_US);
  },
  120_000,
);

test.skipIf(unavailable !== undefined)(
  `with TCP keep-alive after 1 s of silence dead peers are found after 10 to 11 s, by a server that only writes too${why}`,
  async () => {
    const { stdout, stderr, code } = await runProgram([
      ...'bench heartbeat --clients 40 --arms sse,ws --rounds 1 --vary method=keepalive'.split(' '),
      ...'--interval 1s --window 500ms --json --out'.split(' '),
      out,
    ]);
    expect([0, 5], stderr).toContain(code);
    const { trials } = runResultSchema.parse(JSON.parse(stdout));
    expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
    for (const { arm, beat } of trials) {
      expect(beat, arm).toMatchObject({
        heartbeatMs: 0,
        keepAliveMs: 1_000,
        confirmed: { count: 20 },
        server: { found: 20 },
        client: { found: 0 },
        falseAlarms: 0,
      });
      const times = decodeHistogram(beat?.server.times ?? '');
      expect(valueAtQuantile(times, 0), arm).toBeGreaterThanOrEqual(10_000_000 - TOLERANCE_US);
      expect(valueAtQuantile(times, 1), arm).toBeLessThanOrEqual(11_000_000 + KERNEL_TIMERS_US);
    }
  },
  120_000,
);
