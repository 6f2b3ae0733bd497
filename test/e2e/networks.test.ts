/** A black hole where its network cannot be made, or cannot be looked into: what is left out, and what goes on. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runResultSchema } from '../../core/result.ts';
import { namespacesUnavailable } from '../../loadgen/namespaces.ts';
import { reconnect } from '../../scenarios/reconnect.ts';
import { runProgram, temporaryFolder } from '../program.ts';
import { runWithAccident } from '../trial-accidents.ts';

/** Whether a busy machine lets tiny trials count as valid is not what is tested here. */
const FINISHED = [0, 5];
const unavailable = await namespacesUnavailable();
const why = unavailable === undefined ? '' : ` (skipped: ${unavailable})`;

test('without ip a black hole is not measured, with the reason, and what is beside it is', async () => {
  const { code, stdout, stderr } = await runProgram(
    [
      ...'bench reconnect --vary cut=rst,black-hole --arms ws --rounds 1 --clients 5'.split(' '),
      ...'--rate 20/s --warmup 0ms --duration 500ms --at 100ms --for 150ms --silence 100ms'.split(
        ' ',
      ),
      ...'--retry 50ms --deadline 2s --json --out'.split(' '),
      temporaryFolder(),
    ],
    { PATH: temporaryFolder() },
  );
  expect(FINISHED, stderr).toContain(code);
  const run = runResultSchema.parse(JSON.parse(stdout));
  expect(run).toMatchObject({ state: 'finished', points: [{ cut: 'rst' }] });
  expect(run.trials.map(({ point, outcome }) => [point, outcome])).toEqual([
    [{ cut: 'rst' }, 'completed'],
  ]);
  expect(run.warnings.find(({ code: one }) => one === 'skipped')?.says).toBe(
    'Not measured: cut=black-hole: a black hole takes a network of its own' +
      ' (Linux, root, ip and ss of iproute2, nsenter): there is no command ip.',
  );
  expect(stderr).toContain('skipped: cut=black-hole: ');
});

test.skipIf(unavailable !== undefined)(
  `an ss that fails in the middle of a black hole fails the trial, and nothing else${why}`,
  async () => {
    const tools = temporaryFolder();
    const ss = join(tools, 'ss');
    writeFileSync(ss, '#!/bin/sh\necho "Cannot open netlink socket" >&2\nexit 1\n');
    chmodSync(ss, 0o755);
    const path = process.env['PATH'];
    process.env['PATH'] = `${tools}:${path}`;
    onTestFinished(() => {
      process.env['PATH'] = path;
    });
    const { trial, left } = await runWithAccident({
      scenario: reconnect,
      params: {
        ...{ cut: 'black-hole', clients: '5', rate: '20/s', warmup: '0ms', deadline: '60s' },
        ...{ at: '50ms', for: '20s', silence: '1s', duration: '60s' },
      },
    });
    expect(trial).toMatchObject({
      outcome: 'failed',
      says: 'ss failed: Cannot open netlink socket',
    });
    expect(left).toEqual([]);
  },
);
