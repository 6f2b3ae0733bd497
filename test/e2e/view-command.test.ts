/** What `view` says beside its page: of a folder that there is not, and of runs that an export leaves out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../cli/commands.ts';
import { recorded } from '../compared-runs.ts';
import { fakeIo } from '../fake-io.ts';
import { temporaryFolder } from '../program.ts';

const folder = temporaryFolder();

/** The command in this process; a page is ended as soon as its address is there and somebody was told how to end it. */
async function view(...args: string[]) {
  const over = new AbortController();
  const { io, said } = fakeIo({ args: ['view', ...args], signal: over.signal }, () => {
    if (said.err.includes('Ctrl-C')) over.abort();
  });
  const code = await runCommand(io);
  return { code, ...said };
}

test('a page of a folder that there is not says so, and one of an empty folder does not', async () => {
  const nowhere = join(folder, 'nowhere');
  const { code, err } = await view('--runs', nowhere);
  expect(code).toBe(0);
  expect(err).toContain(`There is no folder ${nowhere}; runs are listed once there is one.`);
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  expect((await view('--runs', empty)).err).not.toContain('There is no folder');
});

test('an export that leaves runs out says of how many', async () => {
  const runs = join(folder, 'runs');
  for (const name of ['20260101-a', '20260102-b', '20260103-c']) {
    mkdirSync(join(runs, name), { recursive: true });
    writeFileSync(join(runs, name, 'run.json'), JSON.stringify(recorded));
  }
  const to = join(folder, 'export');
  const some = await view('--runs', runs, '--export', to, '--last', '2');
  expect(some.err).toContain('2 of 2 runs\nThey are the latest of 3; --last takes more.\n');
  expect((await view('--runs', runs, '--export', to)).err).not.toContain('the latest of');
});
