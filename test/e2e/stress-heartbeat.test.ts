/** The scenario heartbeat with real processes in a network of its own; skipped where there can be none. */
import { expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { namespacesUnavailable } from '../../loadgen/namespaces.ts';
import { namespacesOf, runProgram, startProgram, temporaryFolder, until } from '../program.ts';

const out = temporaryFolder();
const unavailable = await namespacesUnavailable();

test.skipIf(unavailable !== undefined)(
  `finds the dead over ws at the server, over sse at the clients only, and leaves no namespace${unavailable === undefined ? '' : ` (skipped: ${unavailable})`}`,
  async () => {
    const program = startProgram([
      ...'bench heartbeat --quick --clients 20 --rounds 1 --vary interval=400ms'.split(' '),
      // A living client that is held up for a while is not to be taken for dead.
      ...'--pong 3s --missed 8 --window 400ms --watch 2s --json --out'.split(' '),
      out,
    ]);
    await until(() => namespacesOf(program.child.pid).length === 3);
    const { stdout, stderr, code } = await program.finished;
    expect([0, 5], stderr).toContain(code);
    const run: RunResult = runResultSchema.parse(JSON.parse(stdout));
    expect(run.trials.map(({ arm, outcome }) => [arm, outcome]).sort()).toEqual([
      ['sse', 'completed'],
      ['ws', 'completed'],
    ]);
    for (const { arm, beat } of run.trials) {
      expect(beat, arm).toMatchObject({ connections: 20, planned: 10, confirmed: { count: 10 } });
      expect(beat?.client.found, arm).toBe(10);
      expect(beat?.server.found, arm).toBe(arm === 'ws' ? 10 : 0);
      expect(beat?.falseAlarms, arm).toBe(0);
      // Nothing but a late acknowledgement of the handshakes, of 54 bytes each.
      expect(beat?.quiet.bytes, arm).toBeLessThan(20 * 54);
      expect(beat?.beating.bytes, arm).toBeGreaterThan(20 * 100);
    }
    expect(namespacesOf(program.child.pid)).toEqual([]);
  },
);

test.skipIf(unavailable !== undefined)(
  `counts the heartbeats of two processes, and finds the dead in both${unavailable === undefined ? '' : ` (skipped: ${unavailable})`}`,
  async () => {
    const { stdout, stderr, code } = await runProgram([
      ...'bench heartbeat --clients 40 --rounds 1 --arms ws --processes 2'.split(' '),
      ...'--vary interval=400ms --pong 3s --missed 8 --window 400ms --watch 500ms --json --out'.split(
        ' ',
      ),
      out,
    ]);
    expect([0, 5], stderr).toContain(code);
    const [trial] = runResultSchema.parse(JSON.parse(stdout)).trials;
    expect(trial?.beat).toMatchObject({ planned: 20, server: { found: 20 }, falseAlarms: 0 });
    // One process alone would have sent about half of them.
    const beaten = trial?.validity.checks.find(({ id }) => id === 'beaten');
    expect(beaten?.value).toBeGreaterThan(0.8);
  },
);
