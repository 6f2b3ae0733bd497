/** Whoever reads has seen enough, as in `list | head -1`: the program ends quietly. */
import { expect, test } from 'vitest';
import { startProgram } from '../program.ts';

test.each([
  ['stdout', ['list'], 0],
  ['stdout', ['list', '--json'], 0],
  ['stderr', ['bnech'], 2],
] as const)('a reader of %s who is gone is no fault of %j', async (stream, args, code) => {
  const program = startProgram(args);
  program.child[stream]?.destroy();
  const ended = await program.finished;
  expect(ended).toEqual({ code, stdout: '', stderr: '' });
});
