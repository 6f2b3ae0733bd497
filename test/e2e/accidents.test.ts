/**
 * Processes that are killed at every step of a trial: it ends at once, as failed, with a sentence that names
 * the process; nothing of it is left running.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Scenario } from '../../core/scenario.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { idle } from '../../scenarios/idle.ts';
import { reconnect } from '../../scenarios/reconnect.ts';
import type { Moment } from '../trial-accidents.ts';
import { runWithAccident } from '../trial-accidents.ts';

const SERVER = 'the server of ws';
const WORKER = 'generator worker 1';
const RELAY = 'relay 1';

interface Accident {
  readonly when: string;
  readonly at: (moment: Moment) => boolean;
  readonly victims: readonly string[];
}

/** Phases that would last for much longer than the test may: whoever waits for one to end is found out. */
const LONG = '60s';
const load = { clients: '5', rate: '20/s', deadline: '60s' };

const scripts: readonly {
  readonly name: string;
  readonly scenario: Scenario;
  readonly params: Readonly<Record<string, string>>;
  readonly accidents: readonly Accident[];
}[] = [
  {
    name: 'a broadcast',
    scenario: broadcast,
    params: { ...load, warmup: LONG, duration: LONG },
    accidents: [
      { when: 'starting', at: is('start', WORKER), victims: [SERVER, WORKER] },
      { when: 'connecting', at: is('connect'), victims: [SERVER, WORKER] },
      { when: 'warming up', at: is('publish'), victims: [SERVER] },
    ],
  },
  {
    name: 'a broadcast',
    scenario: broadcast,
    params: { ...load, warmup: '0ms', duration: LONG },
    accidents: [{ when: 'measuring', at: is('publish'), victims: [SERVER, WORKER] }],
  },
  {
    name: 'a broadcast',
    scenario: broadcast,
    params: { ...load, warmup: '0ms', duration: '100ms' },
    accidents: [
      { when: 'waiting for the last messages', at: is('load-over'), victims: [SERVER] },
      { when: 'collecting', at: is('collect'), victims: [WORKER] },
    ],
  },
  {
    name: 'idle',
    scenario: idle,
    params: { clients: '50', steps: '3', settle: '200ms', 'cpu-window': LONG },
    accidents: [
      { when: 'reading memory', at: is('inspect'), victims: [WORKER] },
      { when: 'adding connections', at: isNth('connect', 2), victims: [SERVER] },
      { when: 'counting CPU at rest', at: is('beat'), victims: [WORKER] },
    ],
  },
  {
    name: 'reconnect',
    scenario: reconnect,
    params: { ...load, warmup: '0ms', duration: LONG, at: '50ms', for: '20s' },
    accidents: [{ when: 'cutting', at: is('cut'), victims: [SERVER, WORKER, RELAY] }],
  },
  {
    name: 'reconnect',
    scenario: reconnect,
    params: { ...load, warmup: '0ms', duration: LONG, at: '50ms', for: '50ms' },
    accidents: [{ when: 'mending', at: is('mend'), victims: [RELAY] }],
  },
  {
    name: 'reconnect by a restart',
    scenario: reconnect,
    params: { ...load, warmup: '0ms', duration: LONG, at: '50ms', for: '50ms', cut: 'restart' },
    accidents: [{ when: 'going on after it', at: isNth('publish', 2), victims: [SERVER] }],
  },
];

const cases = scripts.flatMap(({ accidents, ...script }) =>
  accidents.flatMap(({ victims, ...accident }) =>
    victims.map((victim) => ({ ...script, ...accident, victim })),
  ),
);

describe('kill -9', () => {
  test.each(cases)('of $victim while $name is $when', async ({ scenario, params, at, victim }) => {
    let killed: number | undefined;
    const startedAt = performance.now();
    let killedAt = startedAt;
    const { trial, left } = await runWithAccident({
      scenario,
      params,
      onMoment(moment) {
        if (killed !== undefined || !at(moment)) return;
        killed = moment.processes.findLast(({ title }) => title === victim)?.pid;
        if (killed !== undefined) process.kill(killed, 'SIGKILL');
        killedAt = performance.now();
      },
    });
    expect(killed).toBeDefined();
    expect({ outcome: trial.outcome, says: trial.says }).toEqual({
      outcome: 'failed',
      says: `${victim} was ended by SIGKILL`,
    });
    expect(left).toEqual([]);
    expect(performance.now() - killedAt, 'nobody waits for who is gone').toBeLessThan(4_000);
  });

  test('of a worker that was asked to end changes nothing', async () => {
    const { trial, left } = await runWithAccident({
      scenario: broadcast,
      params: { ...load, deadline: '2s', warmup: '0ms', duration: '100ms' },
      onMoment({ of, event }) {
        if (event === 'stop' && of.title === WORKER) process.kill(of.pid, 'SIGKILL');
      },
    });
    expect(trial.outcome).toBe('completed');
    expect(trial.ledger).toMatchObject({ expected: 10, received: 10 });
    expect(left).toEqual([]);
  });
});

describe('kill -9 of one of several server processes', () => {
  test('in a load is a trial whose clients were cut off, which says so and counts for nothing', async () => {
    let killed: number | undefined;
    const { trial, left } = await runWithAccident({
      scenario: broadcast,
      params: { ...load, clients: '20', deadline: '4s', warmup: '0ms', duration: '500ms' },
      setup: { processes: 2 },
      onMoment({ of, event }) {
        if (event !== 'publish' || of.title !== SERVER) return;
        killed = childrenOf(of.pid).at(-1);
        if (killed !== undefined) process.kill(killed, 'SIGKILL');
      },
    });
    expect(killed).toBeDefined();
    expect(trial).toMatchObject({ outcome: 'completed', validity: { state: 'invalid' } });
    expect(trial.validity.checks.find(({ id }) => id === 'connections-kept')).toMatchObject({
      ok: 'invalid',
      says: 'clients left before the end',
    });
    // Node gives connections to its processes in turn, but to one that is busy a little later.
    const cutOff = trial.closed.reduce((sum, { count }) => sum + count, 0);
    expect(cutOff).toBeGreaterThan(0);
    expect(cutOff).toBeLessThan(20);
    expect(trial.ledger).toMatchObject({ expected: 200, lost: cutOff * 10 });
    expect(left).toEqual([]);
  });
});

describe('a process that hangs', () => {
  test.each([
    // A worker that is loaded slowly, on a busy machine, may be the first to be missed.
    {
      what: 'before it is ready',
      event: 'start',
      ms: 500,
      missed: /^.* did not report '(listening|ready)' .* \(--start-timeout allows it more\)/,
    },
    {
      what: 'before the load',
      event: 'count',
      // Who is not stopped has to answer within it too.
      ms: 3_000,
      missed: /^the server of ws did not report 'counted' .* \(--reply-timeout allows it more\)/,
    },
  ])('$what is given up, and killed', async ({ event, ms, missed }) => {
    const { trial, left } = await runWithAccident({
      scenario: broadcast,
      params: { ...load, warmup: '0ms', duration: LONG },
      setup: { startTimeoutMs: event === 'start' ? ms : 20_000, replyTimeoutMs: ms },
      onMoment({ of, event: now }) {
        if (now === event && of.title === SERVER) process.kill(of.pid, 'SIGSTOP');
      },
    });
    expect(trial.outcome).toBe('failed');
    expect(trial.says).toMatch(missed);
    expect(trial.says).toContain(` within ${ms} ms: `);
    expect(left).toEqual([]);
  });
});

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

function is(event: string, title?: string): Accident['at'] {
  return (moment) => moment.event === event && (title === undefined || moment.of.title === title);
}

/** From the n-th such message on, counted anew for every trial by its first process. */
function isNth(event: string, n: number): Accident['at'] {
  let seen = 0;
  return (moment) => {
    if (moment.event === 'start' && moment.processes.length === 1) seen = 0;
    if (moment.event === event) seen += 1;
    return seen >= n && moment.event === event;
  };
}
