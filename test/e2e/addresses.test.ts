/** A server at several addresses of loopback: what more than 14,000 clients are given, here with a few. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { mostLoopbackAddresses } from '../../core/loopback.ts';
import type { Endpoint } from '../../core/transport.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { reconnect } from '../../scenarios/reconnect.ts';
import { restart } from '../../scenarios/restart.ts';
import type { AccidentPlan } from '../trial-accidents.ts';
import { runWithAccident } from '../trial-accidents.ts';

const ADDRESSES = 3;
const isPossible = mostLoopbackAddresses(process.platform) > 1;
const why = isPossible ? '' : ' (skipped: only Linux has all of 127.0.0.0/8)';
const LOAD = { clients: '7', rate: '20/s', warmup: '0ms', deadline: '10s' };

/** @returns the trial, and how many of its clients are at each address of the server at the end of the load */
async function run(plan: Omit<AccidentPlan, 'onMoment'>) {
  let port = 0;
  let reached: readonly number[] = [];
  const { trial } = await runWithAccident({
    ...plan,
    onMoment({ event, message }) {
      if (event === 'connect') port = (message['endpoint'] as Endpoint).port;
      if (event === 'collect') reached = [1, 2, 3].map((last) => connectionsTo(last, port));
    },
  });
  return { trial, reached };
}

/** As the kernel lists them: the remote end is the third column, in hexadecimal, and 01 is established. */
function connectionsTo(last: number, port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const end = ` 0${last}00007F:${hex} 01 `;
  return readFileSync('/proc/net/tcp', 'latin1').split(end).length - 1;
}

test.skipIf(!isPossible).each(['sse', 'ws', 'raw'])(
  `over %s every client gets everything from two processes at three addresses${why}`,
  async (transport) => {
    const { trial, reached } = await run({
      scenario: broadcast,
      transport,
      params: { ...LOAD, duration: '500ms' },
      setup: { addresses: ADDRESSES, processes: 2 },
    });
    expect(reached).toEqual([3, 2, 2]);
    expect(trial).toMatchObject({
      outcome: 'completed',
      ledger: { expected: 70, received: 70, lost: 0 },
      closed: [],
    });
  },
);

test.skipIf(!isPossible).each(['sse', 'raw'])(
  `over %s a server that was killed is at all of them again, with its ports${why}`,
  async (transport) => {
    const { trial, reached } = await run({
      scenario: reconnect,
      transport,
      params: {
        ...{ ...LOAD, duration: '1500ms', cut: 'restart', at: '200ms', for: '100ms' },
        ...{ retry: '50ms', cap: '100ms', silence: '0ms' },
      },
      setup: { addresses: ADDRESSES },
    });
    expect(trial).toMatchObject({
      outcome: 'completed',
      fault: { noticed: 7, away: 0, confirmed: { count: 7 } },
    });
    expect(reached).toEqual([3, 2, 2]);
  },
);

test.skipIf(!isPossible)(
  `over ws each process that takes another's place is at all of them, and nothing is lost${why}`,
  async () => {
    const { trial, reached } = await run({
      scenario: restart,
      params: { ...LOAD, duration: '3s', at: '5%', retry: '50ms', cap: '100ms' },
      setup: { addresses: ADDRESSES },
    });
    expect(trial).toMatchObject({
      outcome: 'completed',
      ledger: { expected: 420, received: 420, lost: 0 },
      fault: { away: 0 },
    });
    expect(reached).toEqual([3, 2, 2]);
  },
);
