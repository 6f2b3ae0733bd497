/** Searches for a limit and sweeps over sizes, with real processes and sockets, on loads whose outcome is known before. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SearchRecord } from '../../core/records/search.ts';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { runProgram, startProgram, temporaryFolder } from '../program.ts';

const out = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (5) is not what is tested here. */
const FINISHED = [0, 5];
const NOTHING_AMISS = { lost: 0, duplicated: 0, reordered: 0, foreign: 0 };

async function bench(args: string, duration = '200ms'): Promise<RunResult> {
  const { stdout, stderr, code } = await runProgram([
    'bench',
    ...`${args} --warmup 0ms --duration ${duration} --rounds 1 --json`.split(' '),
    '--out',
    out,
  ]);
  expect(FINISHED, stderr).toContain(code);
  return runResultSchema.parse(JSON.parse(stdout));
}

const searchOf = ({ searches = [] }: RunResult, arm: string): SearchRecord => {
  const found = searches.find((one) => one.arm === arm);
  if (found === undefined) throw new Error(`no search of ${arm}`);
  return found;
};

describe('capacity', () => {
  test('goes up for each arm to where its objective is missed, or to the highest load asked for', async () => {
    // Four clients are delivered 200 messages a second, which is too many for one arm, and two are not.
    const run = await bench(
      'capacity --search clients --clients 2 --max-clients 4 --rate 50/s --resolution 100% --retries 0 --arms sse,ws --deadline 10s --objective reach=1,ws.throughput.deliveries<110/s',
      '2s',
    );
    expect(searchOf(run, 'sse')).toMatchObject({
      end: 'highest',
      lastPass: 4,
      confirmed: true,
      stop: { cause: 'asked' },
    });
    // On a busy machine it is the machine that is named, and not the server; the loads are the same.
    const { end, lastPass, firstFail, confirmed } = searchOf(run, 'ws');
    expect(['bracketed', 'limited']).toContain(end);
    expect([lastPass, firstFail, confirmed]).toEqual([2, 4, true]);
    const steps = (arm: string) => searchOf(run, arm).steps.map(({ load }) => load);
    expect([steps('sse'), steps('ws')]).toEqual([
      [2, 4, 4],
      [2, 4, 4, 2],
    ]);
    // Each step is a trial, and step k of every arm comes before step k + 1 of any.
    expect(run.trials.map(({ order }) => order)).toEqual([0, 0, 1, 1, 2, 2, 3]);
    for (const { point, ledger } of run.trials) {
      expect(ledger).toMatchObject({ received: 100 * Number(point['clients']), lost: 0 });
    }
    const found = run.trials.filter(({ metrics }) => 'capacity.clients' in metrics);
    expect(
      found.map(({ arm, order, metrics }) => [arm, order, metrics['capacity.clients']]),
    ).toEqual(end === 'bracketed' ? [['ws', 3, 2]] : []);
  });

  test('that is interrupted keeps what was found so far, and says so in its report', async () => {
    const folder = temporaryFolder();
    const program = startProgram([
      ...'bench capacity --search clients --clients 1 --max-clients 64 --rate 20/s --retries 0'.split(
        ' ',
      ),
      ...'--arms ws --objective reach=1 --warmup 0ms --duration 200ms --rounds 1 --out'.split(' '),
      folder,
    ]);
    // The first step is over, and the second has been told.
    await program.says('ws clients=2:');
    program.child.kill('SIGINT');
    const { code, stderr } = await program.finished;
    expect([code, stderr]).toEqual([130, expect.stringContaining('Interrupted')]);
    const [name = ''] = readdirSync(folder).filter((one) => one.endsWith('-capacity'));
    const run = readRunFile(join(folder, name, 'run.json'));
    const search = searchOf(run, 'ws');
    expect([run.state, search.end, search.stop.cause]).toEqual([
      'aborted',
      'unfinished',
      'unfinished',
    ]);
    expect(search.steps.length).toBeGreaterThan(0);
    expect(search.steps.length).toBeLessThanOrEqual(run.trials.length);
    const page = renderHtml(run);
    expect(page).toContain('not finished');
    expect(page).toContain('<figure id="capacity"');
  });

  test('tells the metric that was meant before anything is started', async () => {
    const { code, stderr } = await runProgram([
      'bench',
      'capacity',
      '--objective',
      'latency.p9<1s',
    ]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('latency.p99')]);
  });
});

describe('sizes', () => {
  test('delivers messages of 16 bytes on every transport, with nothing but its framing', async () => {
    const run = await bench(
      'sizes --vary payload=16B --clients 2 --max-rate 50/s --flood 20ms --arms sse,ws,raw',
    );
    for (const { arm, ledger, metrics, probes } of run.trials) {
      expect({ arm, ...ledger }).toMatchObject({ arm, received: 20, ...NOTHING_AMISS });
      expect(metrics['latency.p50']).toBeGreaterThan(0);
      // Told from the numbers alone, which is all that these have.
      expect([arm, probes['floodMissing'], (probes['floodDeliveries'] ?? 0) > 0]).toEqual([
        arm,
        0,
        true,
      ]);
    }
    // Chunk, field and blank line; a head of 2 bytes; a line end.
    const onWire = run.trials.map(({ arm, metrics }) => [arm, metrics['wire.bytes']]);
    expect(Object.fromEntries(onWire)).toEqual({ sse: 30, ws: 18, raw: 17 });
  });

  test('delivers messages of 64 KiB and 1 MiB whole, with nothing but their framing, on schedule and at full speed', async () => {
    const run = await bench(
      'sizes --vary payload=64KiB,1MiB --clients 2 --max-rate 50/s --flood 50ms --arms sse,ws',
    );
    // 64 MiB/s to two clients: 50/s of 64 KiB, and 32/s of 1 MiB, for 0.2 s.
    const messages = new Map([
      [65_536, 10],
      [1_048_576, 6],
    ]);
    expect(run.trials).toHaveLength(4);
    for (const { arm, point, ledger, metrics, probes } of run.trials) {
      const payload = Number(point['payload']);
      const expected = 2 * (messages.get(payload) ?? 0);
      expect({ arm, ...ledger }).toMatchObject({ arm, received: expected, ...NOTHING_AMISS });
      // "data: " and a blank line, in a chunk whose head is their number; a head of 10 bytes.
      const chunk = payload + 8;
      const onWire = arm === 'ws' ? payload + 10 : chunk + chunk.toString(16).length + 4;
      expect([arm, metrics['wire.bytes']]).toEqual([arm, onWire]);
      expect(probes['floodMissing']).toBe(0);
      expect(probes['floodDeliveries']).toBeGreaterThan(0);
      expect((probes['floodDeliveries'] ?? 1) % 2).toBe(0);
    }
  });

  test('has them in envelopes with ids too, and says when they were sent from 75 bytes on', async () => {
    const run = await bench(
      'sizes --vary payload=74B,75B --clients 2 --max-rate 50/s --replay 10 --flood 0ms --client library --arms ws',
    );
    for (const { point, ledger, metrics } of run.trials) {
      expect(ledger).toMatchObject({ received: 20, ...NOTHING_AMISS });
      expect([point['payload'], metrics['latency.sent.p50'] !== undefined]).toEqual([
        point['payload'],
        point['payload'] === 75,
      ]);
    }
  });
});
