/**
 * What a run that was killed leaves to the next one. Apart from other tests that start the program, since any run
 * is the next one: it clears what it finds on the machine.
 */
import { expect, test } from 'vitest';
import { namespacesUnavailable } from '../../loadgen/namespaces.ts';
import {
  namespacesOf,
  runFilesIn,
  runProgram,
  startProgram,
  temporaryFolder,
  until,
} from '../program.ts';

const FINISHED = [0, 5];
const unavailable = await namespacesUnavailable();
const why = unavailable === undefined ? '' : ` (skipped: ${unavailable})`;

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
    // Before there is a run file it makes a network only to see whether it can.
    const swallows = (): boolean =>
      runFilesIn(out).length > 0 && namespacesOf(program.child.pid).length === 3;
    await until(swallows);
    program.child.kill('SIGKILL');
    await program.finished;
    await until(() => program.processes().length === 0);
    expect(namespacesOf(program.child.pid)).toHaveLength(3);

    const next = [...'bench broadcast --arms ws --rounds 1 --clients 5 --rate 20/s'.split(' ')];
    const { code, stderr } = await runProgram([
      ...next,
      ...'--warmup 0ms --duration 200ms --out'.split(' '),
      out,
    ]);
    expect(FINISHED, stderr).toContain(code);
    expect(stderr).toContain('Network namespaces of a killed run were removed: 3.');
    expect(stderr).toContain('An earlier run was killed before it could end');
    expect(namespacesOf(program.child.pid)).toEqual([]);
    expect(runFilesIn(out)).toHaveLength(2);
  },
);
