/** The program is ended while it waits for time to pass: by Ctrl-C at a terminal, or with kill -9. */
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { namespacesUnavailable } from '../../loadgen/namespaces.ts';
import { runFilesIn, runProgram, startProgram, temporaryFolder } from '../program.ts';
import { startAtTerminal, terminalMissing } from '../terminal.ts';

const FINISHED = [0, 5];
const unavailable = await namespacesUnavailable();
const why = unavailable === undefined ? '' : ` (skipped: ${unavailable})`;

const noTerminal = terminalMissing === undefined ? '' : ` (skipped: ${terminalMissing})`;

describe.skipIf(terminalMissing !== undefined)(`Ctrl-C${noTerminal}`, () => {
  test.each([
    { when: 'the crowd of idle grows', phase: 'memory at rest', steps: '50' },
    { when: 'CPU is counted at rest', phase: 'CPU at rest, without heartbeats', steps: '3' },
  ])('while $when ends all at once', async ({ phase, steps }) => {
    const program = startAtTerminal([
      ...'bench idle --arms ws --rounds 1 --clients 300 --settle 200ms --cpu-window 60s'.split(' '),
      ...['--steps', steps, '--control', 'off', '--head-room', 'off'],
      ...['--out', temporaryFolder()],
    ]);
    await program.shows(phase);
    const pressedAt = performance.now();
    program.pressCtrlC();
    const { code, stdout } = await program.finished;
    expect(stdout).toContain('Interrupted; every process that was started has been ended.');
    expect(stdout).not.toMatch(/\n\s+at /);
    expect(code).toBe(130);
    expect(performance.now() - pressedAt, 'nobody waits for the rest').toBeLessThan(4_000);
    expect(program.processes()).toEqual([]);
  });
});

test.skipIf(unavailable !== undefined)(
  `kill -9 in the middle of a black hole leaves namespaces, which the next run removes, and says so${why}`,
  async () => {
    const out = temporaryFolder();
    const args = [
      ...'bench heartbeat --quick --arms ws --clients 10 --rounds 1 --vary interval=200ms'.split(
        ' ',
      ),
      ...'--pong 100ms --window 100ms --out'.split(' '),
      out,
    ];
    const program = startProgram([...args, '--watch', '60s']);
    const swallows = (): boolean => ofProgram(program.child.pid).length === 3;
    await until(swallows);
    program.child.kill('SIGKILL');
    await program.finished;
    await until(() => program.processes().length === 0);
    expect(ofProgram(program.child.pid)).toHaveLength(3);

    const next = [...'bench broadcast --arms ws --rounds 1 --clients 5 --rate 20/s'.split(' ')];
    const { code, stderr } = await runProgram([
      ...next,
      ...'--warmup 0ms --duration 200ms --out'.split(' '),
      out,
    ]);
    expect(FINISHED, stderr).toContain(code);
    expect(stderr).toContain('Network namespaces of a killed run were removed: 3.');
    expect(stderr).toContain('An earlier run was killed before it could end');
    expect(ofProgram(program.child.pid)).toEqual([]);
    expect(runFilesIn(out)).toHaveLength(2);
  },
);

/** Names of the namespaces that a process has made. */
function ofProgram(pid: number | undefined): string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns').filter((name) => name.startsWith(`pushbench-${pid}-`));
}

/** Looks again every 20 ms; the test's own time-out is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}
