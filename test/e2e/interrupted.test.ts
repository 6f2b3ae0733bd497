/** The program is ended by Ctrl-C at a terminal while it waits for time to pass. */
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../program.ts';
import { startAtTerminal, terminalMissing } from '../terminal.ts';

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
