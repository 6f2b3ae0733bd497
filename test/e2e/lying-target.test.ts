/** Servers that lie: whatever one does to messages, the ledger says how often, to the last one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createMarkerWriter } from '../../core/marker.ts';
import type { DeliveryCounts, Strays } from '../../core/process-reports.ts';
import { runResultSchema } from '../../core/result.ts';
import type { Dialect, Sink } from '../../core/transport.ts';
import { MarkerSink } from '../../loadgen/marker-sink.ts';
import { Receiver } from '../../loadgen/receiver.ts';
import { leanClients } from '../conformance/lean-clients.ts';
import { runProgram, temporaryFolder } from '../program.ts';
import { createSignal } from '../recorder.ts';

const LIAR = join(import.meta.dirname, '..', 'fixtures', 'targets', 'lying-server.mjs');
const TAG = '4f1c90ab';
const EARLIER_TAG = '00c0ffee';
const MESSAGES = 20;
const BYTES = 150;
const folder = temporaryFolder();
const log = join(folder, 'lies.log');
const memory = join(folder, 'memory');

/** Every fifth message, so that many of twenty. */
const LIES = 4;
const honest = { received: MESSAGES, duplicated: 0, reordered: 0, foreign: 0 };
const noStrays = { unmarked: 0, changed: 0, other: 0 };

/** What must be counted of each lie, by one client. */
const expected: Readonly<
  Record<
    string,
    Partial<Pick<DeliveryCounts, keyof typeof honest> & Pick<Strays, keyof typeof noStrays>>
  >
> = {
  honest: {},
  duplicates: { duplicated: LIES },
  drops: { received: MESSAGES - LIES },
  echoes: { duplicated: LIES },
  twiceInOne: { duplicated: LIES },
  changes: { received: MESSAGES - LIES, foreign: LIES, changed: LIES },
  cuts: { received: MESSAGES - LIES, foreign: LIES, changed: LIES },
  babbles: { foreign: LIES, unmarked: LIES },
  remembers: { foreign: LIES, other: LIES },
  reorders: { reordered: LIES },
};

/** Lies of one kind that the server itself has written down. */
function confessed(kind: string, lie?: string): number {
  if (!existsSync(log)) return 0;
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter((line) =>
    lie === undefined ? line.startsWith(`${kind} `) : line === `${kind} ${lie}`,
  ).length;
}

function dialectOf(tag: string): Dialect {
  return { tag, headers: {}, opening: [], replies: [], ignore: ['"type":"end"'], resume: false };
}

beforeEach(() => writeFileSync(log, ''));

describe('a client of a server', () => {
  let port = 0;
  const liar = { stop: async (): Promise<void> => undefined };

  beforeAll(async () => {
    writeFileSync(memory, createMarkerWriter(EARLIER_TAG, BYTES)(0, 1, 2));
    const child = spawn(process.execPath, [LIAR], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LIAR_LOG: log, LIAR_MEMORY: memory },
    });
    liar.stop = async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    };
    const [words] = (await once(child.stdout, 'data')) as [Buffer];
    port = Number(/(\d+)\n$/.exec(words.toString())?.[1]);
  });
  afterAll(() => liar.stop());

  const post = async (path: string, body = ''): Promise<void> => {
    const { status } = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body });
    expect(status).toBe(204);
  };

  describe.each([
    ['sse', leanClients.sse, '/events'],
    ['ws', leanClients.ws, '/socket'],
  ] as const)('over %s', (kind, connect, path) => {
    test.each(Object.entries(expected))('that is known for this: %s', async (lie, counted) => {
      const receiver = new Receiver(1);
      const markers = new MarkerSink(receiver, dialectOf(TAG));
      const changed = createSignal();
      const sink: Sink = {
        message: (...args) => {
          markers.message(...args);
          changed.raise();
        },
        closed: (client, cause) => markers.closed(client, cause),
      };
      receiver.expect({
        firstSeq: 0,
        count: MESSAGES,
        audience: { kind: 'everybody' },
        ordered: false,
        deadlineMs: 1_000,
        sampleEvery: 0,
      });
      const client = await connect({
        endpoint: { host: '127.0.0.1', port, path: `${path}?lie=${lie}`, dialect: dialectOf(TAG) },
        client: 0,
        sink,
        clock: () => 1_000_000,
        timeoutMs: 5_000,
      });
      const write = createMarkerWriter(TAG, BYTES);
      for (let seq = 0; seq < MESSAGES; seq += 1) {
        await post('/publish', write(seq, 0, 0).toString());
      }
      await post('/end');
      await changed.until(() => (markers.report().ignored === 1 ? true : undefined));
      client.close();
      const { received, duplicated, reordered, foreign } = receiver.collect().counts;
      const { unmarked, changed: altered, other } = markers.report();
      expect({
        received,
        duplicated,
        reordered,
        foreign,
        unmarked,
        changed: altered,
        other,
      }).toEqual({ ...honest, ...noStrays, ...counted });
      expect(confessed(kind, lie)).toBe(lie === 'honest' ? 0 : LIES);
    });
  });
});

describe('a whole run against a server', () => {
  test('that lies to each of its clients in a way of its own counts every lie', async () => {
    const file = join(folder, 'liar.target.json');
    const remembered = join(folder, 'remembered');
    const target = {
      name: 'liar',
      start: { command: [process.execPath, LIAR] },
      env: { LIAR_LOG: log, LIAR_MEMORY: remembered },
      sse: { url: 'http://127.0.0.1:{port}/events?client={client}' },
      ws: { url: 'ws://127.0.0.1:{port}/socket?client={client}' },
      // One connection, on which nothing overtakes anything: whatever comes out of order is a lie.
      publish: { frame: { url: 'ws://127.0.0.1:{port}/publish', text: '{message}' } },
    };
    writeFileSync(file, JSON.stringify(target));
    const kinds = Object.keys(expected).length;
    const { stdout, stderr, code } = await runProgram([
      ...['bench', 'broadcast', '--target', file, '--clients', String(kinds), '--workers', '2'],
      ...['--rate', '40/s', '--warmup', '0ms', '--duration', '500ms', '--deadline', '4s'],
      ...['--rounds', '1', '--json', '--out', folder],
    ]);
    // 3: a trial with so much wrong counts for nothing, and there is no other.
    expect([0, 3, 5], stderr).toContain(code);
    const { trials, warnings } = runResultSchema.parse(JSON.parse(stdout));
    expect(trials).toHaveLength(2);
    // Whoever reads the report is told, per arm, of what was none and of what was altered.
    const told = warnings.filter(({ code: one }) => one === 'stray').map(({ says }) => says);
    expect(told.map((says) => says.replace(/, such as .*/, '')).sort()).toEqual([
      'sse: 4 × received something in which there is no message of the benchmark',
      'sse: 8 × received a message that was changed or cut off on its way',
      'ws: 4 × received something in which there is no message of the benchmark',
      'ws: 8 × received a message that was changed or cut off on its way',
    ]);
    for (const { arm, order, ledger, closed } of trials) {
      const lied = (...lies: readonly string[]): number =>
        lies.reduce((sum, lie) => sum + confessed(arm, lie), 0);
      // The first of the two trials has no earlier one that it could remember anything of.
      expect(lied('remembers')).toBe(order === 0 ? 0 : LIES);
      expect(lied('reorders')).toBe(LIES);
      const lost = lied('drops', 'changes', 'cuts');
      expect(ledger, `${arm} ${JSON.stringify(closed)}`).toMatchObject({
        expected: kinds * MESSAGES,
        received: kinds * MESSAGES - lost,
        lost,
        duplicated: lied('duplicates', 'echoes', 'twiceInOne'),
        reordered: lied('reorders'),
        foreign: lied('changes', 'cuts', 'babbles', 'remembers'),
      });
      const counts = Object.fromEntries(
        closed.map(({ cause, count }) => [cause.replace(/, such as .*/, ''), count]),
      );
      expect(counts).toEqual({
        'received something in which there is no message of the benchmark': lied('babbles'),
        'received a message that was changed or cut off on its way': lied('changes', 'cuts'),
        ...(order === 0 ? {} : { 'received a message of another trial': lied('remembers') }),
      });
    }
  });
});
