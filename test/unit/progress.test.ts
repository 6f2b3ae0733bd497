/** What a run says while it is under way, on a terminal and in a log. */
import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createProgress } from '../../cli/progress.ts';
import type { Progress } from '../../loadgen/one-trial.ts';
import type { FakeIo } from '../fake-io.ts';
import { fakeIo } from '../fake-io.ts';

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

function fakeTerminal(): { io: FakeIo['io']; written: () => string } {
  let text = '';
  const terminal = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const { io } = fakeIo({ terminal, columns: 200 });
  return { io, written: () => stripVTControlCharacters(text) };
}

describe('progress', () => {
  test('a terminal shows round, arm, point, phase, p99 so far and the time left', () => {
    const { io, written } = fakeTerminal();
    const view = createProgress(io, () => 8);
    view.show(progress);
    view.close();
    expect(written()).toContain(
      'round 3/8 · sse clients=500 · measuring · p99 so far 9.34 ms · 1 min 35 s left',
    );
  });

  test('deliveries per second come from what arrived since the last look', async () => {
    const { io, written } = fakeTerminal();
    const view = createProgress(io, () => 8);
    view.show(progress);
    await new Promise((resolve) => setImmediate(resolve));
    view.show({ ...progress, received: 75_000 });
    view.close();
    expect(written()).toMatch(/measuring · [\d,]+ deliveries\/s · p99/);
  });

  test('round trips are called that', async () => {
    const { io, written } = fakeTerminal();
    const view = createProgress(io, () => 8);
    view.show({ ...progress, flow: 'ask' });
    await new Promise((resolve) => setImmediate(resolve));
    view.show({ ...progress, flow: 'ask', received: 75_000 });
    view.close();
    expect(written()).toMatch(/measuring · [\d,]+ round trips\/s · p99/);
  });

  test('a log shows nothing until a trial is over, then one plain line', () => {
    const { io, said } = fakeIo({ columns: 200 });
    const view = createProgress(io, () => 8);
    view.show(progress);
    expect(said.err).toBe('');
    view.control({ round: 0, point: {}, p50: 2_100, p99: 7_000, cpu: 11_000, deliveries: 9_000 });
    expect(said.err).toBe('round 1/8 control: p50 2.10 ms, p99 7.00 ms\n');
  });
});
