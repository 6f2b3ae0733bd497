/** What a run says while it is under way, on a terminal and in a log. */
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Io } from '../../cli/io.ts';
import { createProgress } from '../../cli/progress.ts';
import type { Progress } from '../../loadgen/one-trial.ts';

const progress: Progress = {
  round: 2,
  rounds: 8,
  arm: 'sse',
  point: { clients: 500 },
  phase: 'measuring',
  flow: 'delivery',
  received: 50_000,
  p99: 9_340,
  msLeft: 95_000,
};

function fakeIo(terminal: boolean): { io: Io; written: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const io: Io = {
    args: [],
    env: {},
    out: () => undefined,
    err: (line) => {
      text += line;
    },
    terminal: terminal ? stream : undefined,
    columns: 200,
    color: false,
    signal: new AbortController().signal,
  };
  return { io, written: () => stripVTControlCharacters(text) };
}

describe('progress', () => {
  test('a terminal shows round, arm, point, phase, p99 so far and the time left', () => {
    const { io, written } = fakeIo(true);
    const view = createProgress(io, () => 8);
    view.show(progress);
    view.close();
    expect(written()).toContain(
      'round 3/8 · sse clients=500 · measuring · p99 so far 9.34 ms · 1 min 35 s left',
    );
  });

  test('deliveries per second come from what arrived since the last look', async () => {
    const { io, written } = fakeIo(true);
    const view = createProgress(io, () => 8);
    view.show(progress);
    await new Promise((resolve) => setImmediate(resolve));
    view.show({ ...progress, received: 75_000 });
    view.close();
    expect(written()).toMatch(/measuring · [\d,]+ deliveries\/s · p99/);
  });

  test('round trips are called that', async () => {
    const { io, written } = fakeIo(true);
    const view = createProgress(io, () => 8);
    view.show({ ...progress, flow: 'ask' });
    await new Promise((resolve) => setImmediate(resolve));
    view.show({ ...progress, flow: 'ask', received: 75_000 });
    view.close();
    expect(written()).toMatch(/measuring · [\d,]+ round trips\/s · p99/);
  });

  test('a log shows nothing until a trial is over, then one plain line', () => {
    const { io, written } = fakeIo(false);
    const view = createProgress(io, () => 8);
    view.show(progress);
    expect(written()).toBe('');
    view.control({ round: 0, point: {}, p50: 2_100, p99: 7_000, cpu: 11_000, deliveries: 9_000 });
    expect(written()).toBe('round 1/8 control: p50 2.10 ms, p99 7.00 ms\n');
  });
});
